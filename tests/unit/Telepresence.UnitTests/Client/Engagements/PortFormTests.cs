using Telepresence.Client.Engagements;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.UnitTests.Client.Engagements;

public sealed class PortFormTests
{
    [Theory]
    [InlineData("8080", 8080, "", null, "")]
    [InlineData("8080:http", 8080, "http", null, "http")]
    [InlineData("8080:80", 8080, "80", null, "80")]
    [InlineData("5353:53/udp", 5353, "53", TransportProtocol.Udp, "53/UDP")]
    [InlineData("5353/UDP", 5353, "", TransportProtocol.Udp, "")]
    [InlineData("http", null, "http", null, "http")]
    [InlineData(":http", null, "http", null, "http")]
    [InlineData(":53/UDP", null, "53", TransportProtocol.Udp, "53/UDP")]
    [InlineData("all", null, "all", null, "all")]
    public void Every_form_of_a_port_is_read(
        string text,
        int? local,
        string identifier,
        TransportProtocol? protocol,
        string wire
    )
    {
        var port = EngagementPort.Parse(text);
        Assert.Equal(new EngagementPort(local, identifier, protocol), port);
        Assert.Equal(wire, port.PortIdentifier);
        Assert.Equal(port, EngagementPort.Parse(port.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("8080:")]
    [InlineData("8080:0")]
    [InlineData("8080:http:x")]
    [InlineData("8080/SCTP")]
    [InlineData("8080/1")]
    [InlineData("8080/")]
    [InlineData("web.http")]
    [InlineData("a-name-that-is-too-long")]
    [InlineData("8080:--")]
    [InlineData("-1")]
    public void What_is_no_port_is_refused_with_what_it_takes(string text)
    {
        var error = Assert.Throws<TelepresenceException>(() => EngagementPort.Parse(text));
        Assert.Equal(nameof(ErrorId.InvalidEngagementPort), error.Id);
        Assert.Contains("8080:http", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5432", 5432, 5432, TransportProtocol.Tcp)]
    [InlineData("15432:5432", 15432, 5432, TransportProtocol.Tcp)]
    [InlineData("53/udp", 53, 53, TransportProtocol.Udp)]
    [InlineData("5353:53/UDP", 5353, 53, TransportProtocol.Udp)]
    public void Every_form_of_a_forward_to_the_pod_is_read(
        string text,
        int local,
        int remote,
        TransportProtocol protocol
    )
    {
        var port = PodPort.Parse(text);
        Assert.Equal(new PodPort(local, remote, protocol), port);
        Assert.Equal(port, PodPort.Parse(port.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("http")]
    [InlineData("1:2:3")]
    [InlineData("1:http")]
    [InlineData("70000")]
    public void What_is_no_forward_is_refused(string text) =>
        Assert.Equal(
            nameof(ErrorId.InvalidEngagementPort),
            Assert.Throws<TelepresenceException>(() => PodPort.Parse(text)).Id
        );

    [Theory]
    [InlineData("/exact", ":path-equal:/exact")]
    [InlineData("equal:/exact", ":path-equal:/exact")]
    [InlineData("prefix:/api/", ":path-prefix:/api/")]
    [InlineData("regex:^/v[12]/", ":path-regex:^/v[12]/")]
    [InlineData(":path-prefix:/api", ":path-prefix:/api")]
    public void A_path_filter_is_put_as_the_wire_has_it(string written, string wire) =>
        Assert.Equal(wire, HttpFilters.ToPathFilter(written));

    [Theory]
    [InlineData("exact")]
    [InlineData("prefix:")]
    [InlineData("")]
    public void What_is_no_path_filter_is_refused(string written) =>
        Assert.Equal(
            nameof(ErrorId.InvalidParameter),
            Assert.Throws<TelepresenceException>(() => HttpFilters.ToPathFilter(written)).Id
        );

    [Fact]
    public void Headers_are_written_as_pairs_or_as_curl_has_them()
    {
        var pairs = HttpFilters.ParsePairs(["X-User=me", "X-Trace: a=b:c", "x-empty="], "HttpHeader");
        Assert.Equal("me", pairs["x-user"]);
        Assert.Equal("a=b:c", pairs["X-Trace"]);
        Assert.Equal("", pairs["X-Empty"]);
    }

    [Theory]
    [InlineData("X-User")]
    [InlineData("=me")]
    [InlineData("X User=me")]
    [InlineData("A=1", "a: 2")]
    public void What_is_no_header_is_refused(params string[] values) =>
        Assert.Equal(
            nameof(ErrorId.InvalidParameter),
            Assert.Throws<TelepresenceException>(() => HttpFilters.ParsePairs(values, "HttpHeader")).Id
        );
}
