"""The sub-commands of ``yika-server``, grouped by what they are for."""
