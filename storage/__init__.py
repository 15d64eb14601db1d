"""What the bot keeps: people, their requests, announcements. SQLite, health data encrypted at rest."""

from storage.database import Database
from storage.errors import StorageError
from storage.keys import load_or_create_key
from storage.records import (
    Broadcast,
    BroadcastKind,
    BroadcastState,
    DayStats,
    Delivery,
    DeliveryCounts,
    DeliveryState,
    Outcome,
    Received,
    Request,
    RequestKind,
    User,
)

__all__ = [
    "Broadcast",
    "BroadcastKind",
    "BroadcastState",
    "Database",
    "DayStats",
    "Delivery",
    "DeliveryCounts",
    "DeliveryState",
    "Outcome",
    "Received",
    "Request",
    "RequestKind",
    "StorageError",
    "User",
    "load_or_create_key",
]
