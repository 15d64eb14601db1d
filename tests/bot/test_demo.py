"""The sandbox as this bot's application sets it up."""

import pytest

from bot.demo import demo_sandbox


@pytest.mark.parametrize(("admin_id", "numbers"), [(1, [1001, 1002, 1]), (1001, [1002, 1003, 1001])])
def test_the_admins_number_may_be_any_and_is_nobody_elses(admin_id: int, numbers: list[int]) -> None:
    people = demo_sandbox(admin_id).world.people
    assert list(people) == numbers
    assert people[admin_id].user.first_name == "Admin"
