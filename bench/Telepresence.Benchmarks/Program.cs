using BenchmarkDotNet.Running;
using Telepresence.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(ChecksumBenchmarks).Assembly).Run(args);
