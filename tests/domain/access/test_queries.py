"""The matrix that staff read is the one that commands ask, and every word of it can be read."""

import pytest
from sqlmodel import Session

from fitmycv_admin import copy
from fitmycv_admin.core.errors import Forbidden
from fitmycv_admin.domain.access import matrix, queries
from fitmycv_admin.domain.actors import VISITOR, system
from fitmycv_admin.vocabulary import Permission, Role


def test_the_page_shows_the_matrix_that_is_asked(db: Session) -> None:
    shown = queries.permissions(db, system("test"))
    assert {row.permission: set(row.roles) for row in shown.rows} == {
        permission: {role for role in Role if permission in matrix.MATRIX[role]} for permission in Permission
    }


def test_visitors_do_not_read_it(db: Session) -> None:
    with pytest.raises(Forbidden):
        queries.permissions(db, VISITOR)


@pytest.mark.parametrize("lang", copy.LANGUAGES)
def test_every_role_and_permission_has_words(lang: str) -> None:
    words = copy.catalogue(lang)
    assert [role for role in Role if f"access.role.{role}" not in words] == []
    assert [one for one in Permission if f"access.permission.{one}" not in words] == []
