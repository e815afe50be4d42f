/* SPDX-License-Identifier: ISC */
/**
 * @file acl_text.h  Traffic selectors as IOS writes an entry of an access list.
 *
 *     access-list NAME permit tcp 10.1.0.0 0.0.255.255 host 10.2.0.1 eq 80
 *
 * Addresses are "any", "host A", a network and its wildcard (IPv6: prefix), or "range A B", which IOS lacks. "-": not
 * known.
 *
 * Ownership: text goes to the caller's buffer, always ends in NUL, and is returned.
 * Threads:   no state.
 */
#ifndef ACL_TEXT_H
#define ACL_TEXT_H

#include <stdbool.h>

#include "ipm_types.h"

#define ACL_TEXT_MAX 256

/** @param name  name of the list; NULL: leave out "access-list NAME" */
const char *acl_text(const char *name, bool deny, const struct ipm_sel_side *local, const struct ipm_sel_side *remote,
		     char out[ACL_TEXT_MAX]);

/** The line as IOS shows it in a crypto map: ports as " port = 80", IPv6 addresses in capitals, no name. */
const char *
acl_text_shown(bool deny, const struct ipm_sel_side *local, const struct ipm_sel_side *remote, char out[ACL_TEXT_MAX]);

#endif
