"""Contact sheets of pictures."""

import numpy
from PIL import Image


def sheet(images, columns):
    """Lays pictures [count, 3, H, W] in 0..1 out in rows of `columns`."""
    images = images.detach().float().clamp(0, 1).cpu().numpy()
    count, _, height, width = images.shape
    rows = -(-count // columns)
    page = numpy.ones((rows * (height + 2), columns * (width + 2), 3), numpy.float32)
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + 2), (i % columns) * (width + 2)
        page[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    return Image.fromarray((page * 255 + 0.5).astype(numpy.uint8))
