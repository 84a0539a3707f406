"""What a head is: the model and its forward function, readers, landmark embedding, pictures."""
