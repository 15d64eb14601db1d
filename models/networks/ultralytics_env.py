"""Keeps ultralytics from changing Pillow. Import this wherever ultralytics is imported; a test holds to it.

Ultralytics replaces `PIL.Image.open` by one that wants another package at the first file that is no picture. Whatever
else runs in the process, such as the bot's tests, would fail there.
"""

from PIL import Image
from ultralytics.utils import patches

Image.open = patches._image_open
