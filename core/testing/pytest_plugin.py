"""The pytest plugin of promptdock: fixtures for plugin authors. It imports nothing until a fixture is used."""
