"""Dialogs and windows beside the main one: ask, or show what one topic has in detail."""
