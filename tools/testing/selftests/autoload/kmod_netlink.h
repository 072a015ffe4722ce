/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netlink requests of kmod_trigger. All return 0, or -1 with errno.
 */
#ifndef KMOD_NETLINK_H
#define KMOD_NETLINK_H

/* Lists the sockets of that family and protocol. */
int netlink_diag(int family, int protocol);

/* Creates and removes an interface of that kind. */
int netlink_link(const char *kind);

/* Sends an unknown message to that subsystem of netfilter. */
int netlink_nfnl(int subsystem);

/* Creates an IPv4 chain of that type in a batch without an end. */
int netlink_chain(const char *type);

#endif
