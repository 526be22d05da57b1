// A stack viewport of Cornerstone3D, rendering on the CPU, over slices that it fetches as raw 16-bit values.

import { Enums, RenderingEngine, init, imageLoader, metaData, setUseCPURendering, utilities } from "@cornerstonejs/core";

const edge = Number(new URLSearchParams(location.search).get("edge"));
const ENGINE = "engine";
let plane = null;

async function load(imageId) {
  const answer = await fetch(imageId.slice("raw:".length));
  const values = new Int16Array(await answer.arrayBuffer());
  let low = values[0], high = values[0];
  for (const value of values) {
    if (value < low) low = value;
    else if (value > high) high = value;
  }
  return {
    imageId, minPixelValue: low, maxPixelValue: high, slope: 1, intercept: plane.intercept, windowCenter: 40, windowWidth: 400,
    voiLUTFunction: "LINEAR", getPixelData: () => values, getCanvas: undefined, rows: edge, columns: edge, height: edge, width: edge,
    color: false, rgba: false, numberOfComponents: 1, columnPixelSpacing: plane.spacing, rowPixelSpacing: plane.spacing,
    sliceThickness: 1, invert: false, photometricInterpretation: "MONOCHROME2", sizeInBytes: values.byteLength,
    dataType: "Int16Array",
  };
}

function describe(type, imageId) {
  const z = plane?.positions[Number(/(\d+)$/.exec(imageId)?.[1])];
  if (z === undefined) return undefined;
  switch (type) {
    case "imagePlaneModule":
      return {
        frameOfReferenceUID: "1.2.3", rows: edge, columns: edge, imageOrientationPatient: [1, 0, 0, 0, 1, 0], rowCosines: [1, 0, 0],
        columnCosines: [0, 1, 0], imagePositionPatient: [-128, -128, z], sliceThickness: 1, sliceLocation: z,
        pixelSpacing: [plane.spacing, plane.spacing], rowPixelSpacing: plane.spacing, columnPixelSpacing: plane.spacing,
      };
    case "imagePixelModule":
      return {
        samplesPerPixel: 1, photometricInterpretation: "MONOCHROME2", rows: edge, columns: edge, bitsAllocated: 16, bitsStored: 16,
        highBit: 15, pixelRepresentation: 1,
      };
    case "generalSeriesModule":
      return { modality: "CT", seriesInstanceUID: String(edge) };
    case "voiLutModule":
      return { windowCenter: [40], windowWidth: [400], voiLUTFunction: "LINEAR" };
    case "modalityLutModule":
      return { rescaleSlope: 1, rescaleIntercept: plane.intercept };
    default:
      return undefined;
  }
}

await init();
setUseCPURendering(true);
imageLoader.registerImageLoader("raw", (imageId) => ({ promise: load(imageId) }));
metaData.addProvider(describe, 10000);

const element = document.getElementById("view");
const engine = new RenderingEngine(ENGINE);
engine.enableElement({ viewportId: "view", element, type: Enums.ViewportType.STACK });
const viewport = engine.getViewport("view");
let wanted = 0;
const identifiers = () => plane.positions.map((_, index) => `raw:/frame/${edge}/${index}`);

element.addEventListener("pointermove", (event) => {
  const box = element.getBoundingClientRect();
  const center = 40 + Math.round(((event.clientY - box.top - box.height / 2) * 400) / 256);
  viewport.setProperties({ voiRange: utilities.windowLevel.toLowHighRange(400, center) });
  viewport.render();
});
element.addEventListener("wheel", (event) => {
  event.preventDefault();
  wanted = (wanted + Math.sign(event.deltaY) + plane.positions.length) % plane.positions.length;
  void viewport.setImageIdIndex(wanted);
});

/** Open the series, as a click on it would, and show one of its slices. */
window.openSeries = async (index) => {
  plane = await (await fetch(`/series/${edge}.json`)).json();
  wanted = index;
  await viewport.setStack(identifiers(), index);
  viewport.render();
};
window.showSlice = (index) => viewport.setImageIdIndex((wanted = index));
window.fetchAll = async () => {
  for (const each of identifiers()) await imageLoader.loadAndCacheImage(each);
};
window.ready = true;
