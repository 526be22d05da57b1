// The start-up test of the decode path: a ramp of all 256 levels, as the server's encoders wrote it, through the very
// functions that decode a patient's image. Until it has passed, no picture is called verified.

import { sha256 } from "./fidelity";
import { decodeExact, decodeLossy } from "./frames";
import type { Codec } from "./messages";

/** What `readingroom.pixels.encode` makes of 16 rows of 16 pixels from 0 to 255; tests/golden checks it. */
export const RAMP: Readonly<Record<"lz4" | "png" | "jpeg", string>> = {
  lz4: "8PEAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoOEhYaHiImKi4yNjo+QkZKTlJWWl5iZmpucnZ6foKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr/AwcLDxMXGx8jJysvMzc7P0NHS09TV1tfY2drb3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vv8/f7/",
  png: "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAAAAAA6mKC9AAAAMklEQVR4AV3BtwGAAACAMMXe+f9adxKGkWle1m0/zut+3g8DAwMDAwMDAwMDAwMDA+MHBkgPmUvsdBYAAAAASUVORK5CYII=",
  jpeg: "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAAQABABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APOk8Hf9M/0qwng7/pn+le8p4O/6Z/pVhPB3/TP9K//Z",
};
const RAMP_SHA256 = "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880";
const SHAPE = { rows: 16, columns: 16, samples: 1 } as const;

export interface SelfTest {
  /** Every exact codec gave every level, and the hash was right wherever there is one. */
  exact: boolean;
  /** Pictures with loss can be shown while the hand moves. */
  lossy: boolean;
}

let result: Promise<SelfTest> | null = null;

/** Run the test once a page. It never throws: what cannot be decoded did not pass. */
export function selfTest(): Promise<SelfTest> {
  result ??= Promise.all([exactly("lz4"), exactly("png"), passes(readsJpeg)]).then(([lz4, png, lossy]) => ({ exact: lz4 && png, lossy }));
  return result;
}

/** Whether a codec of the ramp, or of the bytes given in its place, decodes to the 256 levels and their hash. */
export function exactly(codec: Codec & keyof typeof RAMP, encoded = RAMP[codec]): Promise<boolean> {
  return passes(async () => {
    const pixels = await decodeExact(codec, bytes(encoded), SHAPE);
    const computed = await sha256(pixels);
    return pixels.every((value, i) => value === i) && (computed === null || computed === RAMP_SHA256);
  });
}

async function readsJpeg(): Promise<boolean> {
  const bitmap = await decodeLossy(bytes(RAMP.jpeg), SHAPE);
  bitmap.close();
  return true;
}

async function passes(test: () => Promise<boolean>): Promise<boolean> {
  try {
    return await test();
  } catch {
    return false;
  }
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
