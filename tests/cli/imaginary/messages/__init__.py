"""The words of a version of OCPP that does not exist."""
