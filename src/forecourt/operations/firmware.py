"""What is done with firmware beside the database: files come in and go out, and keys sign. Nothing of it holds a unit
of work meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.domain.errors import DomainError, Kind
from forecourt.domain.files.model import Kept
from forecourt.domain.files.shelf import BLOCK, Area, Shelf, blocks
from forecourt.domain.firmware.checks import check_can_be_sent, check_name, check_words
from forecourt.domain.firmware.making import KeyOffer, KeyWish, RootOffer, make_key, read_key, sign_file
from forecourt.domain.firmware.model import Checked, FirmwareKey, Image, ImageNumber, Signed, Words
from forecourt.domain.services import Services, Workspace
from forecourt.pki.keys import PrivateKey
from forecourt.pki.signatures import Scheme


@dataclass(frozen=True, slots=True)
class Storeroom:
    """Where commands put files."""

    shelf: Shelf
    max_firmware_bytes: int


_key_worker: Final = ThreadPoolExecutor(1, "firmware-keys")
"""One after the other: how long a key takes to decrypt is chosen by whoever encrypted it."""


async def keep_image(
    workspace: Workspace,
    shelf: Shelf,
    chunks: AsyncIterator[bytes],
    words: Words,
    *,
    signed: Signed | None = None,
    limit: int,
    asked_by: str,
) -> Checked:
    """Take a file in, of at most ``limit`` bytes, and make an image of it. Raises TooLarge, NoRoom, and DomainError as
    `FirmwareImages.add` does; then nothing is kept."""
    check_words(words)
    if signed is not None:
        check_can_be_sent(signed)
    kept = await _received(shelf, chunks, limit)
    try:
        checked = await workspace.write(
            lambda services: services.firmware_images.add(words, kept, signed, asked_by=asked_by)
        )
    except DomainError as error:
        if error.kind is not Kind.UNAVAILABLE:  # else the database may have it; what it has not is swept
            await shelf.remove(kept.name)
        raise
    if checked.image.file.name != kept.name:  # it was here already
        await shelf.remove(kept.name)
    return checked


async def _received(shelf: Shelf, chunks: AsyncIterator[bytes], limit: int) -> Kept:
    receiving = await shelf.new(Area.FIRMWARE, limit)
    try:
        block = bytearray()
        async for chunk in chunks:
            block += chunk
            if len(block) >= BLOCK:
                await receiving.write(block)
                block = bytearray()
        if block:
            await receiving.write(block)
        if not receiving.size:
            raise DomainError(Kind.INVALID, "The file is empty.")
        return await receiving.finish()
    except BaseException:
        await receiving.abort()
        raise


async def read_image(shelf: Shelf, image: Image) -> AsyncIterator[bytes]:
    """The content of an image. Raises DomainError NOT_FOUND, before anything is read, when the file is gone."""
    return blocks(await shelf.open(image.file.name))


async def remove_image(workspace: Workspace, shelf: Shelf, number: ImageNumber, *, asked_by: str) -> None:
    """Forget an image, and take its file from the shelf. Raises DomainError as `FirmwareImages.remove` does."""
    file = await workspace.write(lambda services: services.firmware_images.remove(number, asked_by=asked_by))
    await shelf.remove(file.name)


async def sign_image(
    workspace: Workspace, number: ImageNumber, key: str, scheme: Scheme | None, *, asked_by: str
) -> Checked:
    """Sign an image with a key that is kept here. Raises DomainError."""

    def look(services: Services) -> tuple[Image, FirmwareKey, PrivateKey]:
        keys = services.firmware_keys
        return services.firmware_images.get(number), keys.get(key), keys.opened(key)

    image, known, private = await workspace.read(look)
    signed = await asyncio.to_thread(sign_file, image.file, known, private, scheme)
    return await workspace.write(
        lambda services: services.firmware_images.put_signature(number, signed, signed_by=key, asked_by=asked_by)
    )


async def import_key(
    workspace: Workspace, name: str, *, certificate: str, private_key: str, password: str | None, asked_by: str
) -> FirmwareKey:
    """Keep a maker's own key. Raises DomainError, which tells nothing of the key."""
    check_name(name)
    loop = asyncio.get_running_loop()
    offer = await loop.run_in_executor(_key_worker, read_key, certificate, private_key, password)
    return await _kept(workspace, name, offer, asked_by)


async def create_key(workspace: Workspace, name: str, wish: KeyWish, *, root: str | None, asked_by: str) -> FirmwareKey:
    """Make a key, under the root of another one that was made here or under a new one. Raises DomainError."""
    check_name(name)

    def look(services: Services) -> tuple[datetime, RootOffer | None]:
        keys = services.firmware_keys
        return keys.now(), None if root is None else keys.root_of(root)

    at, below = await workspace.read(look)
    loop = asyncio.get_running_loop()
    offer = await loop.run_in_executor(_key_worker, lambda: make_key(wish, below, at=at))
    return await _kept(workspace, name, offer, asked_by)


async def _kept(workspace: Workspace, name: str, offer: KeyOffer, asked_by: str) -> FirmwareKey:
    return await workspace.write(lambda services: services.firmware_keys.add(name, offer, asked_by=asked_by))
