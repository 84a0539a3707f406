"""Rendering of heads: appearance, paint, texture, renderer, contact sheet."""
