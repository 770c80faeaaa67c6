using System.Globalization;
using System.Net;
using Telepresence.Engine.Vif;

namespace Telepresence.TestEngine;

/// <summary>What tests swap in the engine, read from the environment.</summary>
/// <param name="Impairments">Between kernel and engine; null: none, and all offloads.</param>
/// <param name="Seed">Of the impairments' random source.</param>
/// <param name="ReportPath">File that gets the impairments' counters when the engine ends.</param>
/// <param name="Manager">gRPC end point of a traffic-manager to dial in place of an API server.</param>
internal sealed record TestEngineOptions(Impairments? Impairments, int Seed, string? ReportPath, IPEndPoint? Manager)
{
    /// <summary><c>DROP,REORDER,DUPLICATE</c>: probabilities of each packet in each direction.</summary>
    private const string ImpairVariable = "TEST_ENGINE_IMPAIR";
    private const string SeedVariable = "TEST_ENGINE_SEED";
    private const string ReportVariable = "TEST_ENGINE_REPORT";
    private const string ManagerVariable = "TEST_ENGINE_MANAGER";

    public static TestEngineOptions Read(Func<string, string?> variable) =>
        new(
            variable(ImpairVariable) is { Length: > 0 } impair ? Parse(impair) : null,
            int.Parse(variable(SeedVariable) ?? "1", CultureInfo.InvariantCulture),
            variable(ReportVariable),
            variable(ManagerVariable) is { Length: > 0 } manager ? IPEndPoint.Parse(manager) : null
        );

    private static Impairments Parse(string text)
    {
        var rates = text.Split(',').Select(rate => double.Parse(rate, CultureInfo.InvariantCulture)).ToArray();
        return new Impairments(Drop: rates[0], Reorder: rates[1], Duplicate: rates[2]);
    }
}
