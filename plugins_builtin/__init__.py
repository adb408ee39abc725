"""The plugins that come with promptdock: ordinary plugins, written against the public API alone."""
