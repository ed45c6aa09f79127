"""Commands for firmware that is kept here."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from forecourt.cli.consent import ask_consent
from forecourt.cli.files import read_pem
from forecourt.cli.firmware_facts import IMAGE_COLUMNS, IMAGE_SHOWN, image_facts
from forecourt.cli.firmware_key import firmware_key_commands
from forecourt.cli.numbers import number_of
from forecourt.cli.office import Office, form_of
from forecourt.cli.options import Csv, Json, Limit, Yes
from forecourt.cli.output import print_facts, print_json, warn
from forecourt.cli.who import command_line_user
from forecourt.domain.access.permissions import Permission
from forecourt.domain.errors import invalid
from forecourt.domain.files.shelf import BLOCK
from forecourt.domain.firmware.model import (
    MAX_SIGNATURE,
    MAX_SIGNING_CERTIFICATE,
    Checked,
    ImageFilter,
    ImageNumber,
    Signed,
    Words,
)
from forecourt.domain.services import Services, Workspace
from forecourt.operations.firmware import Storeroom, keep_image, read_image, remove_image, sign_image
from forecourt.pki.signatures import Scheme

_LINE_END: Final = 2

Number = Annotated[int, typer.Argument(parser=number_of("an image", "firmware list"), metavar="IMAGE")]
Vendor = Annotated[str | None, typer.Option(help="Whose stations it is for.")]
Model = Annotated[str | None, typer.Option(help="The model that it is for.")]
Version = Annotated[str | None, typer.Option(help="The version that it is.")]
Note = Annotated[str | None, typer.Option(help="What else to write about it.")]

_SCHEMES: Final = {one.name.lower().replace("_", "-"): one for one in Scheme}


def firmware_commands(office: Office, open_storeroom: Callable[[], Storeroom]) -> typer.Typer:
    """The group ``forecourt firmware``."""
    commands = typer.Typer(no_args_is_help=True, help="Firmware that is kept here, and the keys that sign it.")
    commands.add_typer(firmware_key_commands(office.of(change=Permission.SECURITY)), name="key")
    _offer_files(commands, office, open_storeroom)
    _offer_lists(commands, office)
    _offer_signatures(commands, office)
    return commands


def _offer_files(commands: typer.Typer, office: Office, open_storeroom: Callable[[], Storeroom]) -> None:
    """What moves the contents of images."""

    @commands.command()
    def add(
        *,
        file: Annotated[str, typer.Argument(metavar="FILE", help="The firmware, or - for what is piped in.")],
        name: Annotated[
            str | None, typer.Option(help="Its name, which no other image has; default: the file's.")
        ] = None,
        vendor: Vendor = None,
        model: Model = None,
        version: Version = None,
        note: Note = None,
        signature: Annotated[
            str | None, typer.Option(metavar="FILE", help="Holds the maker's signature in base64.")
        ] = None,
        signing_certificate: Annotated[
            str | None, typer.Option(metavar="FILE", help="The certificate that it was made with, as PEM.")
        ] = None,
    ) -> None:
        """Keep a firmware image, with the maker's signature if there is one. It is checked, and kept right or wrong."""
        words = Words(
            name=_name_for(file) if name is None else name, vendor=vendor, model=model, version=version, note=note
        )
        signed = _signed_from(signature, signing_certificate)
        storeroom = open_storeroom()
        with _opened(file) as (content, size), _progress(size) as moved:

            async def run(workspace: Workspace) -> Checked:
                return await keep_image(
                    workspace,
                    storeroom.shelf,
                    _blocks(content, moved),
                    words,
                    signed=signed,
                    limit=storeroom.max_firmware_bytes,
                    asked_by=command_line_user(),
                )

            checked = office.do(run)
        _tell(checked)

    @commands.command()
    def download(
        *,
        number: Number,
        file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; it must not exist.")],
    ) -> None:
        """Write the content of an image into a file."""
        storeroom = open_storeroom()
        image = office.read(lambda services: services.firmware_images.get(ImageNumber(number)))
        try:
            target = file.open("xb")
        except OSError as error:
            raise invalid(f"The file {str(file)!r} cannot be written: {error.strerror or error}.") from error
        with target, _progress(image.file.size) as moved:

            async def run(_workspace: Workspace) -> None:
                async for block in await read_image(storeroom.shelf, image):
                    target.write(block)
                    moved(len(block))

            office.do(run)

    @commands.command()
    def remove(number: Number, yes: Yes = False) -> None:
        """Remove an image with its file. Refused while a job needs it."""
        ask_consent(f"Remove the firmware image {number} with its file?", is_given=yes)
        shelf = open_storeroom().shelf
        office.do(lambda workspace: remove_image(workspace, shelf, ImageNumber(number), asked_by=command_line_user()))


def _offer_lists(commands: typer.Typer, office: Office) -> None:
    """What shows and describes images."""

    @commands.command("list")
    def list_all(
        *,
        vendor: Annotated[str | None, typer.Option(help="Only those of this vendor.")] = None,
        model: Annotated[str | None, typer.Option(help="Only those for this model.")] = None,
        version: Annotated[str | None, typer.Option(help="Only those of this version.")] = None,
        signed: Annotated[
            bool | None, typer.Option("--signed/--unsigned", help="Only those with a signature, or without.")
        ] = None,
        search: Annotated[str | None, typer.Option(help="Only what contains this text.")] = None,
        limit: Limit = None,
        as_json: Json = False,
        as_csv: Csv = False,
    ) -> None:
        """List images, newest first."""
        form = form_of(as_json=as_json, as_csv=as_csv)
        wanted = ImageFilter(vendor=vendor, model=model, version=version, is_signed=signed, search=search or None)
        office.print_newest(
            lambda services, page: services.firmware_images.list(wanted, page),
            image_facts,
            form=form,
            columns=IMAGE_COLUMNS,
            shown=IMAGE_SHOWN,
            limit=limit,
        )

    @commands.command()
    def show(number: Number, as_json: Json = False) -> None:
        """Show an image."""
        facts = image_facts(office.read(lambda services: services.firmware_images.get(ImageNumber(number))))
        print_json(facts) if as_json else print_facts(facts)

    @commands.command()
    def describe(
        *,
        number: Number,
        name: Annotated[str | None, typer.Option(help="Its name, which no other image has.")] = None,
        vendor: Vendor = None,
        model: Model = None,
        version: Version = None,
        note: Note = None,
    ) -> None:
        """Change what an image is known by; what is not given stays, and an empty text clears."""

        def work(services: Services) -> Checked:
            images = services.firmware_images
            known = images.get(ImageNumber(number)).words
            words = Words(
                name=known.name if name is None else name,
                vendor=_changed(known.vendor, vendor),
                model=_changed(known.model, model),
                version=_changed(known.version, version),
                note=_changed(known.note, note),
            )
            return images.describe(ImageNumber(number), words, asked_by=command_line_user())

        _tell(office.write(work))


def _offer_signatures(commands: typer.Typer, office: Office) -> None:
    """What signs images, and checks it."""

    @commands.command()
    def signature(
        *,
        number: Number,
        file: Annotated[str | None, typer.Argument(metavar="[FILE]", help="Holds the signature in base64.")] = None,
        certificate: Annotated[
            str | None, typer.Option(metavar="FILE", help="The certificate that it was made with, as PEM.")
        ] = None,
        remove: Annotated[bool, typer.Option("--remove", help="Remove the signature that there is.")] = False,
    ) -> None:
        """Give the maker's signature over an image, or remove the one that there is."""
        signed = _signed_from(file, certificate)
        if remove is (signed is not None):
            raise invalid("Give a signature and its certificate, or --remove.")
        image, who = ImageNumber(number), command_line_user()

        def work(services: Services) -> Checked:
            if signed is None:
                return services.firmware_images.remove_signature(image, asked_by=who)
            return services.firmware_images.put_signature(image, signed, asked_by=who)

        _tell(office.write(work))

    @commands.command()
    def sign(
        *,
        number: Number,
        key: Annotated[
            str, typer.Option(metavar="NAME", help="A firmware key; `forecourt firmware key list` lists them.")
        ],
        scheme: Annotated[
            str | None, typer.Option(help=f"One of {', '.join(_SCHEMES)}; default: what OCPP asks for.")
        ] = None,
    ) -> None:
        """Sign an image with a key that is kept here."""
        if scheme is not None and scheme not in _SCHEMES:
            raise invalid(f"There is no scheme {scheme!r}; there are {', '.join(_SCHEMES)}.", field="scheme")
        chosen = None if scheme is None else _SCHEMES[scheme]
        office.check(Permission.SECURITY)
        _tell(
            office.do(
                lambda workspace: sign_image(workspace, ImageNumber(number), key, chosen, asked_by=command_line_user())
            )
        )

    @commands.command()
    def check(number: Number) -> None:
        """Check the signature of an image again: certificates expire, and are revoked."""
        _tell(office.write(lambda services: services.firmware_images.check(ImageNumber(number))))


def _tell(checked: Checked) -> None:
    print_facts(image_facts(checked.image))
    warn(checked.warnings)


def _changed(known: str | None, told: str | None) -> str | None:
    return known if told is None else told or None


def _name_for(file: str) -> str:
    if file == "-":
        raise invalid("What is piped in has no name; give it one with --name.", field="name")
    return Path(file).name


def _signed_from(signature: str | None, certificate: str | None) -> Signed | None:
    if (signature is None) != (certificate is None):
        raise invalid("A signature and the certificate that it was made with belong together; give both.")
    if signature is None or certificate is None:
        return None
    text = read_pem(signature, limit=2 * MAX_SIGNATURE)
    pem = read_pem(certificate, limit=MAX_SIGNING_CERTIFICATE + _LINE_END)
    return Signed(certificate=pem, signature="".join(text.split()))


@contextmanager
def _opened(file: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """The file, and how large it is where that is known."""
    if file == "-":
        yield sys.stdin.buffer, None
        return
    try:
        opened = Path(file).open("rb")  # noqa: SIM115  # closed below
    except OSError as error:
        raise invalid(f"The file {file!r} cannot be read: {error.strerror or error}.") from error
    with opened:
        yield opened, Path(file).stat().st_size


async def _blocks(file: BinaryIO, moved: Callable[[int], None]) -> AsyncIterator[bytes]:
    while block := file.read(BLOCK):
        yield block
        moved(len(block))


@contextmanager
def _progress(size: int | None) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how far it has come, and nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("firmware", total=size)
        yield lambda count: progress.advance(task, count)
