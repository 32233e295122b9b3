"""The way of every search: the words come in a form's body, and what they find is shown under an address that does not tell them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from console.security import CSRF_FIELD, require_csrf_form
from console.sought import UNREADABLE, Sought
from console.visit import Visiting, own_path, see_other

router = APIRouter(prefix="/find")
TO = "to"
NO_FILTER = {CSRF_FIELD, TO, *UNREADABLE}


@router.post("", dependencies=[Depends(require_csrf_form)])
async def find(visit: Visiting, to: Annotated[str, Form(max_length=80)]) -> Response:
    """`to`: the page that looks for them. The form's other fields are its filters; one that was left empty is left out."""
    form = {name: value for name, value in (await visit.request.form()).items() if isinstance(value, str)}
    filters = {name: value for name, value in form.items() if value and name not in NO_FILTER}
    return see_other(own_path(to), **filters, **visit.seal.close(Sought.among(form)))
