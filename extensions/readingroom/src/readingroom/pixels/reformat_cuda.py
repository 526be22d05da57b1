"""The arithmetic of ``reformat`` for a CUDA device: the same whole numbers, hence the same bytes as the processor's.

Nothing imports this module but who has a device and asks for it; it needs CuPy (``readingroom[gpu]``).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from readingroom.pixels.plane import Plane
from readingroom.pixels.reformat import Projection, Reformatted, Sampling, finished, sampling
from readingroom.pixels.volume import Volume

BLOCK = (16, 16)

SOURCE = r"""
typedef long long whole;
const int BITS = 15, DROPPED = 32 - BITS, SUM_BITS = 3 * BITS, MEAN_BITS = 10;
const whole ONE = 1 << BITS;
enum { MIP, MINIP, MEAN };

__device__ whole floor_divide(whole a, whole b) { whole q = a / b; return q - (a % b != 0 && a < 0); }
__device__ whole clamped(whole q, int count) {
    whole last = (whole)(count - 1) << BITS;
    return q < 0 ? 0 : q > last ? last : q;
}
__device__ bool within(whole q, int count) { return -(ONE >> 1) <= q && q < ((whole)count << BITS) - (ONE >> 1); }
__device__ whole weighted(whole q) { return (q + ((whole)1 << (DROPPED - 1))) >> DROPPED; }
__device__ whole slice_coordinate(whole along, const whole* knots, int count) {
    if (!count) return weighted(along);
    int low = 0, high = count - 1;
    while (high - low > 1) {
        int middle = (low + high) >> 1;
        if (along < knots[middle]) high = middle; else low = middle;
    }
    whole gap = knots[high] - knots[low], offset = along - knots[low];
    offset = offset < -gap ? -gap : offset > 2 * gap ? 2 * gap : offset;
    return ((whole)low << BITS) + floor_divide((offset << BITS) + (gap >> 1), gap);
}
template <typename N> __device__ bool missing(N v, N low, N high) { return !(v < low || v > high); }
template <typename N> __device__ N between(N a, N b, whole w) { return a * (N)ONE + (N)w * (b - a); }
__device__ whole rounded(whole total, int drop) { return (total + ((whole)1 << (drop - 1))) >> drop; }
__device__ double rounded(double total, int) { return total / (double)((whole)1 << SUM_BITS); }
__device__ whole quotient(whole total, whole weight, int drop) {
    return floor_divide(total + (weight >> 1), weight) * ((whole)1 << (SUM_BITS - drop));
}
__device__ double quotient(double total, whole weight, int) { return total / (double)weight; }
__device__ whole mean(whole total, whole weight) {
    return floor_divide(total + (weight << (MEAN_BITS - 1)), weight << MEAN_BITS);
}
__device__ double mean(double total, whole weight) { return total / (double)weight; }

template <typename T, typename N> struct Grid {
    const T* values; const bool* ready; const whole* knots;
    int slices, rows, columns, knot_count, drop;
    N low, high;
};

template <typename T, typename N>
__device__ bool sample(const Grid<T, N>& grid, whole column, whole row, whole along, N& value) {
    whole i = weighted(column), j = weighted(row), k = slice_coordinate(along, grid.knots, grid.knot_count);
    if (!(within(i, grid.columns) && within(j, grid.rows) && within(k, grid.slices))) return false;
    i = clamped(i, grid.columns); j = clamped(j, grid.rows); k = clamped(k, grid.slices);
    whole w[3] = {i & (ONE - 1), j & (ONE - 1), k & (ONE - 1)};
    i >>= BITS; j >>= BITS; k >>= BITS;
    if (!(grid.ready[k] && grid.ready[k + (w[2] != 0)])) return false;
    N corner[8]; bool lacking = false;
    for (int n = 0; n < 8; n++) {
        whole z = k + (n & 4 && w[2]), y = j + (n & 2 && w[1]), x = i + (n & 1 && w[0]);
        corner[n] = (N)grid.values[(z * grid.rows + y) * grid.columns + x];
        lacking |= missing(corner[n], grid.low, grid.high);
    }
    if (!lacking) {
        N near = between(between(corner[0], corner[1], w[0]), between(corner[2], corner[3], w[0]), w[1]);
        N far = between(between(corner[4], corner[5], w[0]), between(corner[6], corner[7], w[0]), w[1]);
        value = rounded(between(near, far, w[2]), grid.drop);
        return true;
    }
    N total = 0; whole present = 0;
    for (int n = 0; n < 8; n++) {
        whole weight = (n & 1 ? w[0] : ONE - w[0]) * (n & 2 ? w[1] : ONE - w[1]) * (n & 4 ? w[2] : ONE - w[2]);
        if (missing(corner[n], grid.low, grid.high)) continue;
        total += corner[n] * (N)weight;
        present += weight;
    }
    if (present <= 0 || 2 * present < (whole)1 << SUM_BITS) return false;
    value = quotient(total, present, grid.drop);
    return true;
}

template <typename T, typename N>
__device__ void pixel(const Grid<T, N>& grid, const whole* place, const whole* offsets, const whole* weights,
                      int samples, int mode, int x, int y, N& total, bool& absent) {
    whole at[3];
    for (int n = 0; n < 3; n++) at[n] = place[n] + x * place[3 + n] + y * place[6 + n];
    whole count = 0;
    total = 0;
    for (int n = 0; n < samples; n++) {
        const whole* off = offsets + 3 * n;
        N value;
        if (!sample(grid, at[0] + off[0], at[1] + off[1], at[2] + off[2], value)) continue;
        if (mode == MEAN) {
            total += (N)weights[n] * value;
            count += weights[n];
        } else if (!count || (mode == MIP && value > total) || (mode == MINIP && value < total)) {
            total = value;
            count = 1;
        }
    }
    absent = !count;
    if (count && mode == MEAN) total = mean(total, count);
}

template <typename T, typename N>
__global__ void reformat(const T* values, const bool* ready, const whole* knots, const whole* place,
                         const whole* offsets, const whole* weights, const int* sizes, N low, N high,
                         N* made, bool* absent) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    int rows = sizes[6], columns = sizes[7];
    if (x >= columns || y >= rows) return;
    Grid<T, N> grid = {values, ready, knots, sizes[0], sizes[1], sizes[2], sizes[3], sizes[8], low, high};
    pixel(grid, place, offsets, weights, sizes[4], sizes[5], x, y, made[y * columns + x], absent[y * columns + x]);
}
"""

_C_TYPES = {
    "i1": "signed char",
    "u1": "unsigned char",
    "i2": "short",
    "u2": "unsigned short",
    "i4": "int",
    "u4": "unsigned int",
    "f4": "float",
    "f8": "double",
}


class CudaReformatter:
    """A volume copied to the device once, for any number of planes; raises what CuPy raises without a device."""

    def __init__(self, volume: Volume) -> None:
        import cupy  # noqa: PLC0415 - only who asks for a device has it

        self._volume = volume
        self._values = cupy.asarray(volume.values)
        name = kernel_name(volume)
        # Fused multiply-add would round once where the processor rounds twice.
        module = cupy.RawModule(code=SOURCE, options=("--std=c++14", "--fmad=false"), name_expressions=(name,))
        self._kernel = module.get_function(name)

    def reformat(self, plane: Plane, slab_mm: float = 0.0, projection: Projection | None = None) -> Reformatted:
        """Return what ``reformat.reformat`` returns, on the host; raises what it raises."""
        import cupy  # noqa: PLC0415

        found = sampling(self._volume, plane, slab_mm, projection)
        made, absent = cupy.empty(found.shape, found.number), cupy.empty(found.shape, np.bool_)
        grid = tuple(-(-size // block) for size, block in zip(found.shape[::-1], BLOCK, strict=True))
        arrays = [cupy.asarray(array) for array in kernel_arrays(self._volume, found)]
        self._kernel(grid, BLOCK, (self._values, *arrays, found.low, found.high, made, absent))
        return finished(self._volume, made.get(), absent.get())


def kernel_name(volume: Volume) -> str:
    """Return the kernel for the volume's type of values."""
    dtype = volume.values.dtype
    exact = dtype.kind in "iu" and dtype.itemsize <= 2  # noqa: PLR2004 - as `sampling` decides
    return f"reformat<{_C_TYPES[dtype.str[1:]]}, {'long long' if exact else 'double'}>"


def kernel_arrays(volume: Volume, plane: Sampling) -> tuple[NDArray[Any], ...]:
    """Return what the kernel takes after the values: ready, knots, place, offsets, weights and sizes."""
    sizes = (*volume.values.shape, len(plane.knots), len(plane.weights), plane.mode, *plane.shape, plane.drop)
    place = np.concatenate([plane.base, plane.across, plane.down])
    knots = plane.knots if plane.knots.size else np.zeros(1, np.int64)  # a device has no empty arrays
    return volume.ready, knots, place, plane.offsets, plane.weights, np.array(sizes, np.int32)
