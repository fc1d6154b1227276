"""What the services of the Photo Gallery share."""
