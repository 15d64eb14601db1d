"""The machine's name."""

import platform
from pathlib import Path

from inference.cores import cores


def machine() -> str:
    """Processor, its matrix units, and the number of usable cores."""
    name, flags = platform.processor() or platform.machine(), ""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        fields = dict(
            (key.strip(), value.strip())
            for key, _, value in (line.partition(":") for line in information.read_text().splitlines())
        )
        name = fields.get("model name", name)
        known = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_vnni": "VNNI", "avx512_bf16": "bf16", "amx_tile": "AMX"}
        found = [title for flag, title in known.items() if flag in fields.get("flags", "").split()]
        flags = f" ({', '.join(found)})" if found else ""
    return f"{name}{flags}, {cores()} cores"
