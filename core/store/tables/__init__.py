"""Every table; importing this package makes the metadata complete, as migrations need it."""

from .accounts import Account, ApiKey, Profile, User
from .base import Row, Table
from .clients import CustomDomain, LLMClient, LLMClientKey
from .journal import JournalRow
from .ledger import Budget, BudgetPeriod, Charge, Price, Reservation
from .server import ConfigurationVersion, Fact, LogLevelRow, WorkerRow
from .sessions import (
    DecisionSet,
    MessageRow,
    PluginSelectionRow,
    QueuedTurn,
    SessionRow,
    ToolCallRow,
    TurnLog,
    TurnRow,
)

__all__ = [
    "Account",
    "ApiKey",
    "Budget",
    "BudgetPeriod",
    "Charge",
    "ConfigurationVersion",
    "CustomDomain",
    "DecisionSet",
    "Fact",
    "JournalRow",
    "LLMClient",
    "LLMClientKey",
    "LogLevelRow",
    "MessageRow",
    "PluginSelectionRow",
    "Price",
    "Profile",
    "QueuedTurn",
    "Reservation",
    "Row",
    "SessionRow",
    "Table",
    "ToolCallRow",
    "TurnLog",
    "TurnRow",
    "User",
    "WorkerRow",
]
