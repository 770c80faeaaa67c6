using System.Net.Sockets;
using System.Text;

namespace Telepresence.Engine.Dns.Resolved;

/// <summary>
/// A connection to a message bus over a Unix socket, with as much of D-Bus as talking to systemd-resolved takes:
/// authentication by uid, method calls one at a time, and their replies.
/// </summary>
internal sealed class DBusConnection : IDisposable
{
    public const string BusName = "org.freedesktop.DBus";
    public const string SystemBusAddress = "unix:path=/run/dbus/system_bus_socket";

    private const string BusPath = "/org/freedesktop/DBus";
    private const int MaxLineLength = 512;

    private readonly Socket _socket;
    private readonly SemaphoreSlim _turn = new(1);
    private uint _serial;

    private DBusConnection(Socket socket) => _socket = socket;

    /// <summary>Where the system bus is: what the environment says, else the usual place.</summary>
    public static string SystemAddress =>
        Environment.GetEnvironmentVariable("DBUS_SYSTEM_BUS_ADDRESS") is { Length: > 0 } address
            ? address
            : SystemBusAddress;

    /// <param name="address">Such as <c>unix:path=/run/dbus/system_bus_socket</c>; of several, the first Unix one.</param>
    /// <param name="uid">Of this process.</param>
    /// <exception cref="DBusException">Refused, or no D-Bus.</exception>
    /// <exception cref="SocketException">Nobody listens.</exception>
    public static async Task<DBusConnection> ConnectAsync(string address, uint uid, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var connection = new DBusConnection(socket);
        try
        {
            await socket.ConnectAsync(EndPointOf(address), cancellationToken).ConfigureAwait(false);
            await connection.AuthenticateAsync(uid, cancellationToken).ConfigureAwait(false);
            await connection.CallBusAsync("Hello", "", null, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Whether a service of that name runs.</summary>
    public async Task<bool> HasOwnerAsync(string name, CancellationToken cancellationToken)
    {
        var reply = await CallBusAsync("NameHasOwner", "s", writer => writer.String(name), cancellationToken)
            .ConfigureAwait(false);
        return new DBusReader(reply.Body).Boolean();
    }

    /// <summary>Calls a method and waits for its reply.</summary>
    /// <exception cref="DBusException">The callee's error.</exception>
    public async Task<DBusMessage> CallAsync(
        string destination,
        string path,
        string @interface,
        string member,
        string signature,
        Action<DBusWriter>? arguments,
        CancellationToken cancellationToken
    )
    {
        var body = new DBusWriter();
        arguments?.Invoke(body);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var call = new DBusMessage
            {
                Kind = DBusMessageKind.MethodCall,
                Serial = ++_serial,
                Destination = destination,
                Path = path,
                Interface = @interface,
                Member = member,
                Signature = signature,
                Body = body.Written.ToArray(),
            };
            await SendAsync(call.ToBytes(), cancellationToken).ConfigureAwait(false);
            while (true)
            {
                var message = await ReadAsync(cancellationToken).ConfigureAwait(false);
                // Signals and late replies to calls that were cancelled are not waited for.
                if (message.ReplySerial != call.Serial)
                    continue;
                return message.Kind == DBusMessageKind.Error ? throw ErrorOf(message) : message;
            }
        }
        catch (OperationCanceledException)
        {
            // It may have stopped in the middle of a message: what follows could not be understood.
            _socket.Dispose();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<DBusMessage> ReadAsync(CancellationToken cancellationToken)
    {
        var start = new byte[DBusMessage.FixedLength];
        await ReceiveAsync(start, cancellationToken).ConfigureAwait(false);
        var bytes = new byte[DBusMessage.LengthOf(start)];
        start.CopyTo(bytes, 0);
        await ReceiveAsync(bytes.AsMemory(start.Length), cancellationToken).ConfigureAwait(false);
        return DBusMessage.Parse(bytes);
    }

    private Task<DBusMessage> CallBusAsync(
        string member,
        string signature,
        Action<DBusWriter>? arguments,
        CancellationToken cancellationToken
    ) => CallAsync(BusName, BusPath, BusName, member, signature, arguments, cancellationToken);

    public void Dispose()
    {
        _socket.Dispose();
        _turn.Dispose();
    }

    private static UnixDomainSocketEndPoint EndPointOf(string address)
    {
        foreach (var one in address.Split(';'))
        {
            if (!one.StartsWith("unix:", StringComparison.Ordinal))
                continue;
            foreach (var pair in one["unix:".Length..].Split(','))
            {
                switch (pair.Split('=', 2))
                {
                    case ["path", var path]:
                        return new UnixDomainSocketEndPoint(Uri.UnescapeDataString(path));
                    case ["abstract", var name]:
                        return new UnixDomainSocketEndPoint("\0" + Uri.UnescapeDataString(name));
                }
            }
        }
        throw new DBusException(DBusException.Malformed, $"'{address}' names no Unix socket");
    }

    private static DBusException ErrorOf(DBusMessage message)
    {
        var text = message.Signature.StartsWith('s') ? new DBusReader(message.Body).String() : "the call failed";
        return new DBusException(message.ErrorName, text);
    }

    /// <summary>SASL EXTERNAL: the kernel vouches for the uid, which is named in hex of its decimal digits.</summary>
    private async Task AuthenticateAsync(uint uid, CancellationToken cancellationToken)
    {
        var identity = Convert.ToHexStringLower(
            Encoding.ASCII.GetBytes(uid.ToString(System.Globalization.CultureInfo.InvariantCulture))
        );
        await SendAsync(Encoding.ASCII.GetBytes($"\0AUTH EXTERNAL {identity}\r\n"), cancellationToken)
            .ConfigureAwait(false);
        var answer = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
        if (!answer.StartsWith("OK ", StringComparison.Ordinal))
            throw new DBusException(DBusException.AuthenticationFailed, $"the bus answered '{answer}'");
        await SendAsync("BEGIN\r\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (line.Length < MaxLineLength)
        {
            await ReceiveAsync(one, cancellationToken).ConfigureAwait(false);
            if (one[0] == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }
        throw new DBusException(DBusException.Malformed, "the bus answered a line without end");
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes, cancellationToken).ConfigureAwait(false)..];
    }

    private async Task ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            var length = await _socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (length == 0)
                throw new DBusException(DBusException.Malformed, "the bus closed the connection");
            buffer = buffer[length..];
        }
    }
}
