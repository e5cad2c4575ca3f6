"""Pages of Markdown made by Jinja templates, of what a model wrote.

What a template puts in is text, never markup: it is escaped wherever it comes out (`finalize`), so no template can
forget it. Templates run in Jinja's sandbox.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from media_assets.artifacts.summary.escaping import escaped
from media_assets.base.telling import text_of

if TYPE_CHECKING:
    import jinja2
    from jinja2.runtime import Context

VARIABLES = frozenset({"title", "abstract", "chapters", "speakers", "data"})
"""What a template is given."""
_MOMENT = "_moment"
_FILE = "<template>"
_BLANK_LINES = re.compile(r"\n{3,}")


class TemplateMistake(ValueError):
    """What is wrong with a template, and in which line of it."""


class _Markdown(str):
    """What is put in as it is: made here, and never by what a model wrote."""


def rendered(
    source: str, given: Mapping[str, Any], moment: Callable[[object], str | None], *, strict: bool = False
) -> str:
    """The page.

    Args:
        given: What `VARIABLES` stand for.
        moment: Makes Markdown of a time (`0:01:30`, or seconds) that leads there; None where it is no time.
        strict: Whether what is absent is a mistake; else it is empty.

    Raises:
        TemplateMistake: it cannot be made of these values.
    """
    try:
        page = compiled(source, strict=strict).render({**given, _MOMENT: moment})
    except Exception as error:
        raise TemplateMistake(_told(error)) from error
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in page.splitlines())).strip()


@cache
def compiled(source: str, *, strict: bool = False) -> jinja2.Template:
    """The template.

    Raises:
        TemplateMistake: it is none, or names what it is not given.
    """
    import jinja2.meta

    environment = _environment(strict)
    try:
        named = jinja2.meta.find_undeclared_variables(environment.parse(source)) - VARIABLES - {*environment.globals}
        if named:
            raise TemplateMistake(f"there is no {', '.join(sorted(named))}, only {', '.join(sorted(VARIABLES))}")
        return environment.from_string(source)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateMistake(f"line {error.lineno}: {error.message}") from None


@cache
def _environment(strict: bool) -> jinja2.Environment:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        # Not `autoescape`: that makes text safe for HTML, and not for Markdown.
        autoescape=False,
        finalize=_escaped,
        undefined=jinja2.StrictUndefined if strict else jinja2.ChainableUndefined,
        loader=None,
    )

    @jinja2.pass_context
    def moment(context: Context, value: object) -> str:
        made = context[_MOMENT](value)
        return escaped(str(value)) if made is None else _Markdown(made)

    environment.filters["moment"] = moment
    return environment


def _escaped(value: object) -> str:
    if isinstance(value, _Markdown):
        return value
    return "" if value is None else escaped(str(value))


def _told(error: Exception) -> str:
    """What happened, with the line of the template it happened in."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _FILE]
    message = text_of(getattr(error, "message", None) or error)
    return f"line {lines[-1]}: {message}" if lines else message
