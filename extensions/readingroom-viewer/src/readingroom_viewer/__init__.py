"""The reading page: frames over our own socket, a Panel app for reading servers, a widget for notebooks."""

from typing import Any

__version__ = "0.1.0"
__all__ = ["show", "studies"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - module attribute hook
    """Load the notebook interface on first use: the server extension must not pay for Panel and ipywidgets."""
    if name in __all__:
        from readingroom_viewer import notebook  # noqa: PLC0415

        return getattr(notebook, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter Server where the extension is (jupyter_server developers' guide, server extensions)."""
    return [{"module": "readingroom_viewer.server_extension"}]
