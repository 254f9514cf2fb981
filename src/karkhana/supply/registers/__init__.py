"""Registers: tables that purchasing, stores and customs brokers keep, read into the books."""
