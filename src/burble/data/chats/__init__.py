"""Chats that programs export: who said what, without what nobody said."""
