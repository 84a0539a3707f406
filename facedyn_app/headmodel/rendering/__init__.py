"""What a head looks like: paint, texture, renderer, contact sheet."""
