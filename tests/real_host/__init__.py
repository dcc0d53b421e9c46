"""The built package on Microsoft's own Functions host, where there is one."""
