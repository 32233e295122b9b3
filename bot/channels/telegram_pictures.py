"""Photographs that somebody sent to a bot (core.telegram.org/bots/api#getfile). The address of a file holds the token: it is never told."""

from __future__ import annotations

import mimetypes

from telegram import Bot
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.channels.base import Picture, PictureGone, PictureLater, PictureTooLarge

JPEG = "image/jpeg"


async def fetch_picture(bot: Bot, reference: str, most_bytes: int) -> Picture:
    """Raises PictureGone, PictureTooLarge, PictureLater."""
    try:
        found = await bot.get_file(reference)
        if (found.file_size or 0) > most_bytes:
            raise PictureTooLarge
        content = bytes(await found.download_as_bytearray())
    except BadRequest as error:
        raise (PictureTooLarge if "too big" in error.message.lower() else PictureGone) from None
    except (Forbidden, InvalidToken):
        raise PictureLater from None
    except NetworkError as error:  # a file that is no longer there is answered with 404 as well
        raise (PictureGone if "not found" in error.message.lower() else PictureLater) from None
    except (TelegramError, TimeoutError, KeyError, TypeError, ValueError, RuntimeError):
        raise PictureLater from None
    if len(content) > most_bytes:
        raise PictureTooLarge
    return Picture(content, mimetypes.guess_type(found.file_path or "")[0] or JPEG)
