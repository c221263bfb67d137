"""What `import` reads: files of many forms, as records; each record becomes one document."""
