"""A stand-in for systemd-resolved on a bus of the test's own: prints each call as a line of JSON."""
import json
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

MANAGER = "org.freedesktop.resolve1.Manager"


class NoSuchLink(dbus.DBusException):
    _dbus_error_name = "org.freedesktop.resolve1.NoSuchLink"


def tell(*call):
    print(json.dumps(call), flush=True)


class Resolved(dbus.service.Object):
    @dbus.service.method(MANAGER, in_signature="ia(iay)")
    def SetLinkDNS(self, link, servers):
        tell("SetLinkDNS", link, [[int(f), [int(b) for b in a]] for f, a in servers])

    @dbus.service.method(MANAGER, in_signature="ia(sb)")
    def SetLinkDomains(self, link, domains):
        tell("SetLinkDomains", link, [[str(d), bool(r)] for d, r in domains])

    @dbus.service.method(MANAGER, in_signature="i")
    def RevertLink(self, link):
        tell("RevertLink", link)
        if link != 7:
            raise NoSuchLink("Link %d not known" % link)

    @dbus.service.method(MANAGER)
    def FlushCaches(self):
        tell("FlushCaches")


class ResolvedWithDefaultRoute(Resolved):
    @dbus.service.method(MANAGER, in_signature="ib")
    def SetLinkDefaultRoute(self, link, on):
        tell("SetLinkDefaultRoute", link, bool(on))


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(sys.argv[1])
name = dbus.service.BusName("org.freedesktop.resolve1", bus)
kind = Resolved if "old" in sys.argv[2:] else ResolvedWithDefaultRoute
service = kind(bus, "/org/freedesktop/resolve1")
tell("ready")
GLib.MainLoop().run()
