"""The bot: takes questions and commands from chat, keeps them safe, and answers them."""
