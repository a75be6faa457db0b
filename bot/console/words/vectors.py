"""The page of vectors."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "vector": ("The vector behind a text", "文本背后的向量"),
    "text": ("Text", "文本"),
    "show": ("Show", "查看"),
    "length": ("Length", "模长"),
    "tokens": ("Tokens", "词元数"),
    "spread": ("How its values are spread", "数值分布"),
    "first_values": ("The first {count} of {total} values", "共 {total} 个数值中的前 {count} 个"),
    "all_values_csv": ("All values as CSV", "导出全部数值（CSV）"),
    "back_to_dial": ("Back to the dial", "返回旋钮页"),
}
