"""The servers that are measured: started as processes of their own, waited for and stopped."""
