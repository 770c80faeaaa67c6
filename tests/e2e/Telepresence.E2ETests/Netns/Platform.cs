using System.Runtime.Versioning;

// Network namespaces are Linux's: every test here is skipped elsewhere.
[assembly: SupportedOSPlatform("linux")]
