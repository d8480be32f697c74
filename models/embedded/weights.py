"""Reading and writing .safetensors files with torch alone."""

import json
import pathlib
import struct

import torch

TYPES = {torch.float16: "F16", torch.float32: "F32", torch.bfloat16: "BF16"}
NAMES = {name: dtype for dtype, name in TYPES.items()}


def save(path, tensors, metadata=None):
    """Writes name -> tensor, sorted by name, with string metadata."""
    header = {"__metadata__": metadata} if metadata else {}
    offset = 0
    for name in sorted(tensors):
        tensor = tensors[name]
        size = tensor.numel() * tensor.element_size()
        shape, span = list(tensor.shape), [offset, offset + size]
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": shape, "data_offsets": span}
        offset += size
    text = json.dumps(header, ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            tensor = tensors[name].detach().cpu().contiguous()
            file.write(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())


def load(path):
    """Returns name -> tensor (in the stored type) and the metadata."""
    data = bytearray(pathlib.Path(path).read_bytes())
    size = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        values = torch.frombuffer(data, dtype=torch.uint8, count=end - start, offset=8 + size + start)
        tensors[name] = values.clone().view(NAMES[entry["dtype"]]).view(entry["shape"])
    return tensors, metadata


def prefixed(prefix, module):
    """The float32 state of a module under a checkpoint's key prefix."""
    return {prefix + name: value.detach().float().cpu() for name, value in module.state_dict().items()}


def restore(module, tensors, prefix):
    """Loads a module's part of a checkpoint; every weight must be there, other keys may be."""
    counters = "num_batches_tracked"
    names = [name for name in module.state_dict() if not name.endswith(counters)]
    missing = [name for name in names if prefix + name not in tensors]
    if missing:
        raise KeyError(f"no tensor {prefix}{missing[0]} (and {len(missing) - 1} more)")
    module.load_state_dict({name: tensors[prefix + name].float() for name in names}, strict=False)
    return module
