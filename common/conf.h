/* SPDX-License-Identifier: ISC */
/**
 * @file conf.h  The configuration file, one for all programs (ipsecmon.conf(5)).
 *
 * Errors:    conf_load() returns NULL and leaves "FILE:LINE: what is wrong" in @p error. An unknown key, a
 *            wrong type, a value out of range are errors, never ignored.
 * Ownership: the result is the caller's; conf_free().
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_XFRM_MAX 8 /* sections feed xfrm: network namespaces that are read */

struct conf {
	char *run_dir;      /* where segments and sockets live */
	char *state_dir;    /* what outlives a reboot */
	char *group;        /* who may read the segment and use the control socket; "": the owner only */
	bool allow_destroy; /* may SAs be closed on request? */
	struct {
		uint32_t ike_sas, tunnels, sas;
		uint32_t history, failures; /* entries of each ring */
	} capacity;
	struct {
		bool enabled;
		char *socket, *error_socket;
		uint32_t poll_interval, hold_time; /* seconds */
	} vici;
	struct conf_xfrm {
		char *netns;            /* "": the program's own; a name in /run/netns, or an absolute path */
		uint32_t poll_interval; /* seconds */
	} xfrm[CONF_XFRM_MAX];
	uint32_t xfrms; /* of which so many are on; no two for one netns */
	struct {
		char *socket;
		uint32_t notify_rate; /* notifications in a second */
	} agentx;
};

#define CONF_SEGMENT "gateway.model"   /* ipsecmond's segment in run_dir */
#define CONF_CONTROL "control"         /* its control socket in run_dir */
#define CONF_STATE   "ipsecmond.state" /* what it was set to, in state_dir */

/**
 * Read @p path; NULL: the default file, which may be missing (then everything is at its default).
 */
struct conf *conf_load(const char *path, char *error, size_t error_size);
void conf_free(struct conf *conf);

/** run_dir or state_dir "/" name, to be freed by the caller. */
char *conf_run_path(const struct conf *conf, const char *name);
char *conf_state_path(const struct conf *conf, const char *name);

#endif
