"""Decoding: turns the bytes of a photo file into upright 8-bit sRGB pixels, or raises `PhotoError` with the reason."""

from inference.photo.limits import MAX_PIXELS
from inference.photo.read import decode
from inference.photo.values import Photo, PhotoError, PhotoFault

__all__ = ["MAX_PIXELS", "Photo", "PhotoError", "PhotoFault", "decode"]
