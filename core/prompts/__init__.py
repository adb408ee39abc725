"""The prompt service with its store: whoever serves prompts holds one :class:`~promptdock.prompts.dock.Dock`."""
