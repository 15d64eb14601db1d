"""The sandbox: a server on loopback with Telegram's Bot API, routes for people, and the chat page.

`python -m bot.sandbox` runs it alone. In a test:

    async with Sandbox(people=[User(id=1001, is_bot=False, first_name="Emma")]) as sandbox:
        bot = Bot(sandbox.token, session=AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url)))

The bot calls `{base_url}/bot{token}/{method}` and downloads files from `{base_url}/file/bot{token}/{path}`. The routes
for people take JSON and answer in JSON. Errors are `{"ok": false, "description": ...}` with status 4xx:

    GET    /sim/users                     who is there, and the bot
    POST   /sim/users                     {id, first_name, language_code?, username?}: adds or renames a person
    POST   /sim/users/{id}/message        {text, parse_mode?, entities?} and WHERE
    POST   /sim/users/{id}/photos         multipart, 1 to 10 files, `caption`, WHERE: several are an album
    POST   /sim/users/{id}/live_photo     multipart, the still and maybe a video, `caption`, WHERE
    POST   /sim/users/{id}/document       multipart, one file, `caption`, WHERE
    POST   /sim/users/{id}/voice          also video, sticker, animation; multipart with a file and WHERE, or no body
    POST   /sim/users/{id}/forward        {from_chat_id, message_id, hidden?} and WHERE; hidden: a name, no account
    POST   /sim/users/{id}/edit           {message_id, text, chat_id?}, or multipart with another photo and `caption`
    POST   /sim/users/{id}/click          {message_id, data, chat_id?}: presses an inline button
    POST   /sim/users/{id}/web_app        {message_id, url}: opens the Mini App of a button; answers with its init data
    POST   /sim/users/{id}/share          {request_id, user_ids}: picks people for a button that asks for them
    POST   /sim/users/{id}/topic          {name, chat_id?}: begins a topic
    POST   /sim/users/{id}/stop           stops a draft that can be stopped
    POST   /sim/users/{id}/block          {blocked}: the person stops the bot or lets it write again
    POST   /sim/users/{id}/delete_account the person leaves Telegram
    GET    /sim/users/{id}/transcript     {version, messages, callback_answers, topics, keyboard, draft, user, ...}
    GET    /sim/chats/{id}/transcript     the same of any chat
    GET    /sim/groups                    the groups
    POST   /sim/groups                    {title, members, supergroup?, forum?}: the first member adds the bot
    POST   /sim/groups/{id}/bot           {status}: member, administrator, left or kicked
    POST   /sim/groups/{id}/migrate       makes a supergroup of it
    POST   /sim/groups/{id}/delete        deletes it
    GET    /sim/users/{id}/menu           the commands and the description this person sees
    GET    /sim/calls[?method=sendPhoto]  {version, calls}: the bot's calls: parameters, outcome, time
    POST   /sim/updates                   any JSON object: an update as it is, also one that cannot be parsed
    POST   /sim/faults                    [{kind, method?, chat_id?, times?, skip?, ...}]: faults.py
    GET    /sim/faults                    those not used up; DELETE forgets them
    POST   /sim/flood                     {overall?, per_chat?, burst?, ...}: flood.py; {} lifts the limits
    GET    /sim/rates[?method=...]        {overall, chats}: the most calls of the bot within any one second
    POST   /sim/bot                       {has_topics_enabled?, can_read_all_group_messages?}: as @BotFather sets them
    GET    /sim/events                    everything that changes, as server-sent events
    GET    /sim/files/{file_id}           a file, for the page

WHERE is chat_id? of a group, message_thread_id? of a topic, reply_to? and quote?, a part of that message's words.
`transcript` and `calls` accept `?beyond=VERSION&wait=SECONDS`. Then they answer as soon as something has changed. A bot
may write to a person only after the person has written, as in Telegram.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType

from aiogram.types import User
from aiohttp import web

from bot.sandbox.api import BotApi
from bot.sandbox.forms import REQUEST_LIMIT
from bot.sandbox.guard import guard, harden
from bot.sandbox.sim import routes
from bot.sandbox.state import World
from bot.sandbox.webhook import WebhookDelivery

BOT_ID = 7_000_000_001
PAGE = Path(__file__).with_name("page")


def loopback(host: str) -> bool:
    """Whether an address can be reached only from this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Sandbox:
    """The server.

    Args:
        token: the bot's; its number is the bot's id. Without one, the sandbox invents one.
        name: of the bot, until it sets another one.
        username: the bot's, without the @.
        people: who exist from the start.
        samples: pictures that the page offers: title -> function that returns JPEG bytes and may be slow.
        local_folder: turns on local mode: getFile writes the file below this folder and answers with its absolute path.
            Then there are no downloads over HTTP.

    Raises:
        ValueError: the token does not start with a number.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        name: str = "Bot",
        username: str = "sandbox_bot",
        people: Sequence[User] = (),
        samples: Mapping[str, Callable[[], bytes]] = MappingProxyType({}),
        local_folder: Path | None = None,
    ) -> None:
        self.token = token or f"{BOT_ID}:{secrets.token_urlsafe(26)}"
        bot = User(
            id=int(self.token.partition(":")[0]),
            is_bot=True,
            first_name=name,
            username=username,
            can_join_groups=True,
            can_read_all_group_messages=False,
            supports_inline_queries=False,
            has_topics_enabled=False,
            allows_users_to_create_topics=True,
        )
        self.world = World(self.token, bot, local_folder)
        for person in people:
            self.world.join(person)
        self._samples = samples
        self._delivery = WebhookDelivery(self.world.updates)
        self._runner: web.AppRunner | None = None
        self._base_url = ""

    @property
    def base_url(self) -> str:
        """Its address, without a slash at the end. Raises: RuntimeError before the start."""
        if not self._base_url:
            raise RuntimeError("the sandbox has not been started")
        return self._base_url

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listens on `port` (0 is any free port). Raises: ValueError if `host` is not loopback, OSError on a used
        port."""
        if not loopback(host):
            raise ValueError(f"the sandbox listens on this machine only, not on {host}")
        application = web.Application(client_max_size=REQUEST_LIMIT, middlewares=[guard])
        application.on_response_prepare.append(harden)
        application.add_routes(BotApi(self.world).routes())
        application.add_routes(routes(self.world, self._samples))
        application.add_routes([web.get("/", _page), web.static("/page", PAGE)])
        # Without cancellation, the request of a killed poller would go on waiting for updates.
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._delivery.start()
        taken = self._runner.addresses[0][1]
        self._base_url = f"http://{f'[{host}]' if ':' in host else host}:{taken}"

    async def stop(self) -> None:
        """Ends the waiting requests and stops listening. All chats are lost."""
        self.world.close()
        await self._delivery.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Sandbox:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()


async def _page(_: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")
