/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of netlink as kmod_trigger needs. All return 0, or -1 with errno.
 */
#ifndef KMOD_NETLINK_H
#define KMOD_NETLINK_H

/* Asks for the sockets of that family and protocol. */
int netlink_diag(int family, int protocol);

/* Makes an interface of that kind, and removes it. */
int netlink_link(const char *kind);

/* Sends a message without a meaning to that subsystem of netfilter. */
int netlink_nfnl(int subsystem);

/* Begins to make a chain of that type, of IPv4, and leaves it at that. */
int netlink_chain(const char *type);

#endif
