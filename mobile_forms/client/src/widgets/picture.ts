/** Longest side of a photo that leaves the phone, in pixels. */
export const LONGEST = 1280;

async function decode(file: Blob): Promise<ImageBitmap | HTMLImageElement> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    const url = URL.createObjectURL(file);
    try {
      const image = new Image();
      image.src = url;
      await image.decode();
      return image;
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}

function stampOn(pen: CanvasRenderingContext2D, words: string, width: number, height: number): void {
  const size = Math.max(14, Math.round(height / 36));
  pen.font = `${size}px sans-serif`;
  pen.textBaseline = "bottom";
  const wide = pen.measureText(words).width + size;
  pen.fillStyle = "rgba(0,0,0,0.6)";
  pen.fillRect(width - wide, height - size * 1.6, wide, size * 1.6);
  pen.fillStyle = "#fff";
  pen.fillText(words, width - wide + size / 2, height - size * 0.25);
}

/** The canvas as a file of its own: whatever the camera wrote beside the picture (EXIF, place) is gone. */
export function toBlob(canvas: HTMLCanvasElement, type: string, quality?: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Error("the picture could not be written")) : resolve(blob)), type, quality);
  });
}

/** Draws the photo anew, at most `longest` pixels wide and high, stamped in its corner. */
export async function shrink(file: Blob, longest: number, stamp: string): Promise<Blob> {
  const image = await decode(file);
  const scale = Math.min(1, longest / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  const pen = canvas.getContext("2d");
  if (pen === null) throw new Error("this browser cannot draw");
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  if ("close" in image) image.close();
  stampOn(pen, stamp, canvas.width, canvas.height);
  return await toBlob(canvas, "image/jpeg", 0.82);
}
