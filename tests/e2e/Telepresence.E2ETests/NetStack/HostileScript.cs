namespace Telepresence.E2ETests.NetStack;

/// <summary>
/// A peer made of scapy: an address that the kernel does not own, spoken for by packets put onto the interface one by one.
/// Writes <c>NAME ok</c> or <c>NAME what went wrong</c> for each check. Its argument is the interface.
/// </summary>
internal static class HostileScript
{
    public const string Python = "/usr/bin/python3";

    public const string Text = """
        import random, select, socket, sys, time
        from scapy.config import conf
        conf.verb = 0
        from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
        from scapy.layers.inet6 import (HBHOptUnknown, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6PacketTooBig,
            ICMPv6ParamProblem, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN,
            fragment6)
        from scapy.packet import Raw

        DEV = sys.argv[1]
        ME, YOU, ME6, YOU6 = '10.99.0.77', '10.100.0.5', 'fd99::77', 'fd10::5'
        KERNEL = ('10.99.0.1', 'fd99::1')
        HOLD, CLOSES_FIRST, ECHO = 5007, 5005, 7
        rnd = random.Random(7)
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        wire.bind((DEV, 3))
        port = 20000

        def send(*packets):
            for packet in packets:
                raw = bytes(packet)
                wire.sendto(raw, (DEV, 0x86dd if raw[0] >> 4 == 6 else 0x0800))

        def receive():
            while True:
                if not select.select([wire], [], [], 30)[0]:
                    raise TimeoutError('no answer')
                raw, address = wire.recvfrom(70000)
                if address[2] == 4:
                    continue  # our own
                packet = IPv6(raw) if raw[0] >> 4 == 6 else IP(raw)
                if packet.dst not in KERNEL:
                    return packet

        def wait(match):
            while True:
                packet = receive()
                if match(packet):
                    return packet

        class Peer:
            def __init__(self, to, acknowledge=True, **syn):
                global port
                port += 1
                self.port, self.to, self.seq = port, to, rnd.randrange(1 << 32)
                self.send('S', **syn)
                answer = self.wait(lambda t: t.flags == 'SA')
                self.first = answer.seq
                self.seq, self.ack = (self.seq + 1) % (1 << 32), (answer.seq + 1) % (1 << 32)
                if acknowledge:
                    self.send('A')

            def segment(self, flags, data=b'', ahead=0, ack=None, **fields):
                fields.setdefault('window', 8192)
                return IP(src=ME, dst=YOU) / TCP(sport=self.port, dport=self.to, flags=flags,
                    seq=(self.seq + ahead) % (1 << 32), ack=getattr(self, 'ack', 0) if ack is None else ack, **fields) / Raw(data)

            def send(self, flags, data=b'', ahead=0, ack=None, **fields):
                send(self.segment(flags, data, ahead, ack, **fields))

            def data(self, data):
                self.send('PA', data)
                self.seq = (self.seq + len(data)) % (1 << 32)
                return self.wait(lambda t: t.ack == self.seq)

            def owns(self, packet):
                return TCP in packet and packet[TCP].dport == self.port

            def wait(self, match):
                return wait(lambda p: self.owns(p) and match(p[TCP]))[TCP]

            def is_gone(self):
                self.send('A')
                return 'R' in self.wait(lambda t: t.flags != 'FA').flags

            def end(self):
                self.send('R')
                assert self.is_gone(), 'the connection did not end'

        def answers(*packets):
            # An old byte is acknowledged behind everything that the packets before it were answered with.
            send(*packets)
            helper.send('PA', b'x', ahead=-1)
            found = []
            while True:
                packet = receive()
                if helper.owns(packet):
                    return found
                found.append(packet)

        def silence(*packets):
            found = answers(*packets)
            assert not found, [p.summary() for p in found]

        def ip(**fields):
            return IP(src=ME, dst=YOU, **fields)

        def syn(**fields):
            global port
            port += 1
            fields = {'flags': 'S', **fields}
            return TCP(sport=port, dport=HOLD, seq=77, **fields)

        def datagram(**fields):
            return UDP(sport=4000, dport=ECHO, **fields) / Raw(b'datagram')

        def bad_checksums():
            silence(ip() / syn(chksum=1), ip(chksum=1) / syn(), ip() / datagram(chksum=1), ip() / ICMP(chksum=1),
                IPv6(src=ME6, dst=YOU6) / datagram(chksum=1), IPv6(src=ME6, dst=YOU6) / ICMPv6EchoRequest(cksum=1))

        def bad_lengths():
            silence(ip(len=2000) / syn(), ip(len=19) / syn(), ip(ihl=4) / syn(), ip(ihl=15) / syn(), ip(version=5) / syn(),
                ip() / syn(dataofs=4), ip() / syn(dataofs=15), ip() / datagram(len=7), ip() / datagram(len=9999),
                IPv6(src=ME6, dst=YOU6, plen=2000) / datagram(), bytes(ip() / syn())[:12], bytes(ip() / syn())[:30], b'\x45')

        def bad_options():
            silence(*(ip() / syn(dataofs=6) / Raw(options) for options in
                (b'\x08\x00\x01\x01', b'\x02\x0a\x01\x01', b'\x01\x01\x01\x02', b'\x03\x04\x01\x01')))

        def repeated_options():
            peer = Peer(HOLD, options=[('MSS', 1460), ('MSS', 900), ('SAckOK', b''), ('SAckOK', b''), ('NOP', None)])
            peer.data(b'fine')
            peer.end()

        def strange_flags():
            for flags in ('FPU', 0, 'SF', 'SFPU', 'SA', 'F'):
                found = answers(ip() / syn(flags=flags))
                assert len(found) == 1 and 'R' in found[0][TCP].flags, (flags, found)
            silence(ip() / syn(flags='SR'), ip() / syn(flags='R'), ip() / syn(flags='RA'), ip() / syn(flags='FSRPAU'))

        def bad_addresses():
            silence(*(IP(src=source, dst=target) / upper for upper in (syn(), datagram(), ICMP(), TCP(flags='A'), Raw(b'?'))
                for source, target in ((YOU, YOU), ('255.255.255.255', YOU), ('224.0.0.1', YOU), ('127.0.0.1', YOU),
                    ('0.0.0.0', YOU), (ME, '255.255.255.255'), (ME, '224.0.0.1'), (ME, '127.0.0.1'))))
            silence(*(IPv6(src=source, dst=target) / upper for upper in (syn(), datagram(), ICMPv6EchoRequest())
                for source, target in ((YOU6, YOU6), ('ff02::1', YOU6), ('::1', YOU6), ('::', YOU6), (ME6, 'ff02::1'))))

        def blind_reset():
            peer = Peer(HOLD)
            found = answers(peer.segment('R', ahead=100))
            assert [(p[TCP].flags, p[TCP].ack) for p in found] == [('A', peer.seq)], found
            silence(peer.segment('R', ahead=-100), peer.segment('R', ahead=1 << 30))
            peer.data(b'still here')
            peer.end()

        def blind_syn():
            peer = Peer(HOLD)
            for ahead in (0, 100, 1 << 30):
                found = answers(peer.segment('S', ahead=ahead))
                assert [(p[TCP].flags, p[TCP].ack) for p in found] == [('A', peer.seq)], (ahead, found)
            peer.data(b'still here')
            peer.end()

        def blind_data():
            peer = Peer(HOLD)
            for ack in (peer.ack + 1000, peer.ack - (1 << 30)):
                found = answers(peer.segment('PA', b'forged', ack=ack % (1 << 32)))
                assert [p[TCP].ack for p in found] == [peer.seq], (ack, found)
            peer.data(b'true')
            peer.end()

        def challenges_are_limited():
            peer = Peer(HOLD)
            began = time.monotonic()
            found = answers(*(peer.segment('S', ahead=i) for i in range(300)))
            seconds = int(time.monotonic() - began) + 2
            assert 1 <= len(found) <= 10 * seconds, (len(found), seconds)
            peer.end()

        def old_and_far_segments():
            peer = Peer(HOLD)
            peer.data(b'0123456789')
            for ahead in (-10, -3, 1 << 28):
                found = answers(peer.segment('PA', b'012', ahead=ahead))
                assert [p[TCP].ack for p in found] == [peer.seq], (ahead, found)
            peer.end()

        def syn_sent_again():
            peer = Peer(HOLD, acknowledge=False)
            for _ in range(3):
                peer.seq -= 1
                peer.send('S', ack=0)
                peer.seq += 1
                answer = peer.wait(lambda t: True)
                assert (answer.flags, answer.seq) == ('SA', peer.first), answer.summary()
            peer.end()

        def with_fin():
            peer = Peer(CLOSES_FIRST)
            peer.wait(lambda t: 'F' in t.flags)
            return peer

        def finish(peer, acknowledge):
            peer.send('FA', ack=peer.ack + 1 if acknowledge else peer.ack)
            peer.seq += 1
            peer.wait(lambda t: t.ack == peer.seq % (1 << 32))
            return peer

        def reset_in_syn_received():
            Peer(HOLD, acknowledge=False).end()

        def reset_in_fin_wait_1():
            with_fin().end()

        def reset_in_fin_wait_2():
            peer = with_fin()
            peer.ack += 1
            peer.send('A')
            peer.end()

        def reset_in_closing():
            finish(with_fin(), acknowledge=False).end()

        def reset_in_time_wait():
            finish(with_fin(), acknowledge=True).end()

        def reset_in_close_wait():
            finish(Peer(HOLD), acknowledge=False).end()

        def reset_in_last_ack():
            peer = Peer(ECHO)
            peer.send('FA')
            peer.seq += 1
            peer.wait(lambda t: 'F' in t.flags)
            peer.end()

        def time_wait_is_reused():
            peer = finish(with_fin(), acknowledge=True)
            peer.seq += 100000
            peer.send('S', ack=0)
            answer = peer.wait(lambda t: 'S' in t.flags)
            assert answer.ack == (peer.seq + 1) % (1 << 32)
            peer.seq, peer.ack = peer.seq + 1, answer.seq + 1
            peer.end()

        def ping(size=56, number=None):
            return ip(id=rnd.randrange(65536)) / ICMP(id=5, seq=rnd.randrange(65536)) / Raw(b'p' * size)

        def pong(packet):
            return wait(lambda p: ICMP in p and p[ICMP].type == 0 and p[ICMP].seq == packet[ICMP].seq)

        def fragments_in_any_order():
            packet = ping(3000)
            send(*reversed(fragment(packet, 1400)))
            pong(packet)
            packet = ping(80)
            send(*fragment(packet, 8))
            pong(packet)

        def fragments_twice():
            packet = ping(3000)
            pieces = fragment(packet, 1400)
            send(pieces[0], pieces[0], pieces[1], pieces[1], pieces[2])
            pong(packet)

        def overlapping_fragments():
            packet = ping(3000)
            pieces = fragment(packet, 1400)
            teardrop = pieces[1].copy()
            teardrop.frag -= 3
            silence(pieces[0], teardrop, pieces[1], pieces[2])
            silence(ip(id=1, flags='MF') / UDP() / Raw(b'x' * 28), ip(id=1, frag=3) / Raw(b'y' * 4))

        def ping_of_death():
            silence(*(ip(id=2, flags='MF', frag=f, proto=1) / Raw(b'x' * 1400) for f in range(0, 8100, 175)),
                ip(id=2, frag=8189, proto=1) / Raw(b'x' * 1400), ip(id=3, frag=8191, proto=17) / Raw(b'x' * 60))

        def fragment_flood():
            send(*(fragment(ping(3000), 1400)[0] for _ in range(500)))
            packet = ping(3000)
            send(*fragment(packet, 1400))
            pong(packet)

        def ping6(*headers, size=56):
            packet = IPv6(src=ME6, dst=YOU6)
            for header in headers:
                packet /= header
            return packet / ICMPv6EchoRequest(id=6, seq=rnd.randrange(65536), data=b'p' * size)

        def pong6(packet):
            seq = packet[ICMPv6EchoRequest].seq
            wait(lambda p: ICMPv6EchoReply in p and p[ICMPv6EchoReply].seq == seq)

        def extension_headers():
            pads = [PadN(optdata=b'\0' * 4)]
            for headers in ([], [IPv6ExtHdrHopByHop(options=pads)], [IPv6ExtHdrDestOpt(options=pads)],
                [IPv6ExtHdrRouting(segleft=0)], [IPv6ExtHdrFragment(id=9)],
                [IPv6ExtHdrHopByHop(options=pads), IPv6ExtHdrRouting(segleft=0), IPv6ExtHdrDestOpt(options=pads)]):
                packet = ping6(*headers)
                send(packet)
                pong6(packet)

        def fragments_of_ipv6():
            packet = ping6(IPv6ExtHdrFragment(id=10), size=3000)
            send(*reversed(fragment6(packet, 1280)))
            wait(lambda p: IPv6ExtHdrFragment in p and p[IPv6ExtHdrFragment].m == 0)

        def problem(packet, code, at):
            found = answers(packet)
            assert [(p[ICMPv6ParamProblem].code, p[ICMPv6ParamProblem].ptr) for p in found] == [(code, at)], found

        def refused_extension_headers():
            problem(ping6(IPv6ExtHdrRouting(type=0, addresses=['fd10::6'], segleft=1)), 0, 42)
            problem(IPv6(src=ME6, dst=YOU6, nh=132) / Raw(b'x' * 20), 1, 6)
            problem(ping6(IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x9e, optdata=b'1234')])), 2, 42)
            silence(ping6(IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x5e, optdata=b'1234')])),
                IPv6(src=ME6, dst=YOU6, nh=59) / Raw(b'x' * 20))
            silence(ping6(*[IPv6ExtHdrDestOpt() for _ in range(30)]))

        def unknown_protocol():
            found = answers(IP(src=ME, dst=YOU, proto=132) / Raw(b'x' * 20))
            assert [(p[ICMP].type, p[ICMP].code) for p in found] == [(3, 2)], found

        def forged_icmp():
            peer = Peer(HOLD)
            def quote(**fields):
                return IP(src=YOU, dst=ME) / TCP(sport=HOLD, dport=peer.port, **fields)
            silence(ip() / ICMP(type=3, code=4, nexthopmtu=68) / quote(seq=peer.ack + 5000),
                ip() / ICMP(type=3, code=4, nexthopmtu=68) / quote(seq=peer.ack),
                ip() / ICMP(type=3, code=4, nexthopmtu=0) / Raw(b'\x45'),
                ip() / ICMP(type=3, code=3) / quote(seq=peer.ack), ip() / ICMP(type=3, code=2) / quote(seq=peer.ack),
                ip() / ICMP(type=4) / quote(seq=peer.ack), ip() / ICMP(type=5) / quote(), ip() / ICMP(type=200),
                IPv6(src=ME6, dst=YOU6) / ICMPv6PacketTooBig(mtu=0) / Raw(rnd.randbytes(60)),
                *(ip() / ICMP(type=rnd.choice([3, 11, 12]), code=rnd.randrange(16)) / Raw(rnd.randbytes(60)) for _ in range(300)))
            peer.data(b'still here')
            peer.end()

        helper = Peer(HOLD)
        helper.data(b'x')
        for check in (bad_checksums, bad_lengths, bad_options, repeated_options, strange_flags, bad_addresses, blind_reset,
            blind_syn, blind_data, challenges_are_limited, old_and_far_segments, syn_sent_again, reset_in_syn_received,
            reset_in_fin_wait_1, reset_in_fin_wait_2, reset_in_closing, reset_in_time_wait, reset_in_close_wait,
            reset_in_last_ack, time_wait_is_reused, fragments_in_any_order, fragments_twice, overlapping_fragments,
            ping_of_death, fragment_flood, extension_headers, fragments_of_ipv6, refused_extension_headers,
            unknown_protocol, forged_icmp):
            try:
                answers()  # what is left of the check before
                check()
                print(check.__name__, 'ok', flush=True)
            except Exception as e:
                print(check.__name__, repr(e), flush=True)
        helper.end()
        """;
}
