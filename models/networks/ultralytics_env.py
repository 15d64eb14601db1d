"""Keeps ultralytics from changing Pillow. Import this wherever ultralytics is imported; a test checks it.

Ultralytics replaces `PIL.Image.open`. Its function needs another package as soon as a file is no picture. Other code in
the process, such as the bot's tests, would fail then.
"""

from PIL import Image
from ultralytics.utils import patches

Image.open = patches._image_open
