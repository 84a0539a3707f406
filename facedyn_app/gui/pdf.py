"""PDF of HTML pages by Qt's printing, for the window's workers and the command line."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODeviceBase, QMarginsF
from PySide6.QtGui import QGuiApplication, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from facedyn_app.files import atomic_file

FONT_PT = 9
ON_PAPER = """
h1 { font-size: 15pt; } h2 { font-size: 12pt; margin-top: 12px; } h3 { font-size: 10pt; }
table { font-size: 8pt; border-collapse: collapse; }
td, th { padding: 2px 6px; border-bottom: 1px solid #e0e0e0; }
.name { white-space: nowrap; }
.note { color: #555; font-size: 8pt; }
.grey { color: #767676; }
.first, .text, .grey, .head { font-size: 6pt; padding: 1px 3px; }
.first, .text { white-space: nowrap; }
"""
"""In the place of a page's own style, which is more than Qt's text documents understand."""


def print_pdf(page: str, path: Path) -> None:
    """Print a page on A4; may be called from any thread.

    Args:
        page: HTML, its pictures within.
        path: The file; it appears whole or not at all.

    Raises:
        OutputError: The file cannot be written.
    """
    own = None
    if QGuiApplication.instance() is None:
        # no display is needed; elsewhere there is one, and offscreen would find no fonts
        hidden = ["-platform", "offscreen"] if sys.platform.startswith("linux") else []
        own = QGuiApplication(["facedyn", *hidden])
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODeviceBase.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(), QPageLayout.Unit.Millimeter)  # the document adds its own
    document = QTextDocument()
    font = document.defaultFont()
    font.setPointSize(FONT_PT)
    document.setDefaultFont(font)
    document.setDefaultStyleSheet(ON_PAPER)
    document.setHtml(re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
    document.print_(writer)
    buffer.close()
    del writer, document, own  # in this order: fonts go before their application
    with atomic_file(path) as file:
        file.write(content.data())
