"""The bot's data in SQLite or PostgreSQL: people, their requests, announcements. Health data is encrypted."""

from storage.database import Database
from storage.errors import DatabaseInUse, StorageBusy, StorageError, StorageFull, StorageUnavailable
from storage.keys import load_or_create_key
from storage.location import url_of
from storage.records import (
    Audience,
    Broadcast,
    BroadcastKind,
    BroadcastState,
    Completion,
    Content,
    Delivery,
    DeliveryCounts,
    DeliveryState,
    Outcome,
    Received,
    Request,
    RequestKind,
    User,
)
from storage.retry import until_stored

__all__ = [
    "Audience",
    "Broadcast",
    "BroadcastKind",
    "BroadcastState",
    "Completion",
    "Content",
    "Database",
    "DatabaseInUse",
    "Delivery",
    "DeliveryCounts",
    "DeliveryState",
    "Outcome",
    "Received",
    "Request",
    "RequestKind",
    "StorageBusy",
    "StorageError",
    "StorageFull",
    "StorageUnavailable",
    "User",
    "load_or_create_key",
    "until_stored",
    "url_of",
]
