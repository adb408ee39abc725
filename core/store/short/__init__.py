"""Transactions on the short way: statements that are compiled once, and many transactions in one commit.

The way of every request. What administrators do goes by :meth:`~promptdock.store.database.Database.write` and rows that
are objects, which is more convenient, and many times dearer.
"""

from .transaction import Query, SessionTransaction, Taken, Transaction, Work

__all__ = ["Query", "SessionTransaction", "Taken", "Transaction", "Work"]
