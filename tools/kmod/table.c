// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables.
 */
#include <libsmartcols.h>
#include <stdint.h>
#include <string.h>

#include "kmodctl.h"

#define GAP		"  "

/*
 * Cells of columns with CUT_LESS keep CUT_LESS_WIDTH, which "failed, signal 9" and
 * "mount[4321] uid 0" need, until others are cut to READABLE.
 */
#define CUT_LESS_WIDTH	17
#define READABLE	10

/* Cells are cut in steps. The step at which cells of all columns have at most this width: */
#define STEP(width)	((width) + CUT_LESS_WIDTH - READABLE)

/* Optional columns are hidden rather than cells cut to less than 24. */
#define ROOMY		STEP(24)

/* Replaces the end of a cell that was cut. */
#define CUT_MARK	'+'

static void check(bool good)
{
	if (good)
		return;
	complain("out of memory");
	exit(EXIT_FAILURE);
}

/*
 * Cells are escaped already: the library must not encode them. It must not cut them either:
 * it would take the space of columns with short cells, and a pager is no terminal.
 */
void table_init(struct table *table, const struct column *columns, size_t width)
{
	struct libscols_column *column;
	size_t i;

	*table = (struct table){
		.table = scols_new_table(), .columns = columns, .width = width,
	};
	check(table->table && !scols_table_set_column_separator(table->table, GAP));
	scols_table_enable_noencoding(table->table, 1);
	scols_table_enable_minout(table->table, 1);
	scols_table_set_termforce(table->table, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_colors(table->table, use_colour());
	for (i = 0; i < width; i++) {
		column = scols_table_new_column(table->table, columns[i].title, 0,
						columns[i].flags & SCOLS_FL_RIGHT);
		table->longest[i] = strlen(columns[i].title);
		check(column && !scols_cell_set_color(scols_column_get_header(column), BOLD));
	}
}

static void hide(struct table *table, size_t i)
{
	struct libscols_column *column = scols_table_get_column(table->table, i);

	table->hidden[i] = true;
	scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_HIDDEN);
}

/* Prepares a printed table for more rows, with the same layout. */
void table_continue(struct table *table)
{
	struct table printed = *table;

	table_init(table, printed.columns, printed.width);
	memcpy(table->longest, printed.longest, sizeof(printed.longest));
	memcpy(table->hidden, printed.hidden, sizeof(printed.hidden));
	memcpy(table->widths, printed.widths, sizeof(printed.widths));
	table->room = printed.room;
	table->follow = true;
	table->wide = printed.wide;
	table->no_trunc = printed.no_trunc;
}

/* Reserves the width of the text, which is freed, in a column of a table that grows. */
void table_reserve(struct table *table, size_t i, char *text)
{
	size_t length = strlen(text);

	if (table->longest[i] < length)
		table->longest[i] = length;
	free(text);
}

/* Adds the next cell. The table frees its text. @colour may be NULL. */
void table_add_coloured(struct table *table, char *text, const char *colour)
{
	size_t length = strlen(text);

	if (length > table->longest[table->next])
		table->longest[table->next] = length;
	table->used[table->next] |= strcmp(text, "-") != 0;
	if (!table->next)
		table->line = scols_table_new_line(table->table, NULL);
	check(table->line && !scols_line_refer_data(table->line, table->next, text));
	check(!scols_cell_set_color(scols_line_get_cell(table->line, table->next), colour));
	table->next = (table->next + 1) % table->width;
}

void table_add(struct table *table, char *text)
{
	table_add_coloured(table, text, NULL);
}

/* @blanks: the number of blanks before the cell. Set to the number after it. */
static void print_cell(const struct table *table, size_t i, const char *text, const char *colour,
		       size_t *blanks)
{
	size_t length = strlen(text);
	size_t padding = table->widths[i] > length ? table->widths[i] - length : 0;

	if (table->columns[i].flags & SCOLS_FL_RIGHT) {
		*blanks += padding;
		padding = 0;
	}
	printf("%*s", (int)*blanks, "");
	print_coloured(colour, "%s", text);
	*blanks = padding + strlen(GAP);
}

static void print_titles(const struct table *table)
{
	size_t blanks = 0, i;

	for (i = 0; i < table->width; i++)
		if (!table->hidden[i])
			print_cell(table, i, table->columns[i].title, BOLD, &blanks);
	putchar('\n');
}

static void print_row(const struct table *table, struct libscols_line *line)
{
	struct libscols_cell *cell;
	size_t blanks = 0, i;

	for (i = 0; i < table->width; i++) {
		if (table->hidden[i])
			continue;
		cell = scols_line_get_cell(line, i);
		print_cell(table, i, scols_cell_get_data(cell), scols_cell_get_color(cell),
			   &blanks);
	}
	putchar('\n');
}

/* Returns the width to which cells are cut in this step. */
static size_t width_in_step(int flags, size_t step)
{
	if (step < READABLE)
		return step;
	if (step < CUT_LESS_WIDTH)
		return flags & CUT_LESS ? step : READABLE;
	step -= STEP(0);
	return flags & CUT_LESS && step < CUT_LESS_WIDTH ? CUT_LESS_WIDTH : step;
}

/* Returns the width of a column in this step. */
static size_t width_of(const struct table *table, size_t i, size_t step)
{
	size_t title = strlen(table->columns[i].title), longest = table->longest[i];
	int flags = table->columns[i].flags;
	size_t most = width_in_step(flags, step);

	if (!(flags & SCOLS_FL_TRUNC) || longest <= most)
		return longest;
	return title > most ? title : most;
}

static bool fits(const struct table *table, size_t step)
{
	size_t total = 0, i;

	for (i = 0; i < table->width; i++)
		if (!table->hidden[i])
			total += width_of(table, i, step) + (total ? strlen(GAP) : 0);
	return total <= terminal_width();
}

static void hide_unused(struct table *table)
{
	size_t i;

	for (i = 0; i < table->width; i++)
		if ((table->columns[i].flags & IF_USED) && !table->used[i])
			hide(table, i);
}

static void cut_cell(struct libscols_cell *cell, size_t width)
{
	const char *whole = scols_cell_get_data(cell);

	if (strlen(whole) > width)
		check(!scols_cell_refer_data(cell, text("%.*s%c", (int)width - 1, whole,
							CUT_MARK)));
}

static void cut(struct table *table)
{
	size_t lines = scols_table_get_nlines(table->table), i, n;
	struct libscols_line *line;

	for (n = 0; n < lines; n++) {
		line = scols_table_get_line(table->table, n);
		for (i = 0; i < table->width; i++)
			if (table->columns[i].flags & SCOLS_FL_TRUNC)
				cut_cell(scols_line_get_cell(line, i), table->widths[i]);
	}
}

/* True if the table must fit the terminal. */
static bool is_limited(const struct table *table)
{
	return !table->wide && on_terminal();
}

/*
 * Hides optional columns from the right if other columns would be cut too much, and then, if the
 * line would still be too long, other columns. Returns the first step in which the line fits.
 */
static size_t shrink(struct table *table)
{
	size_t step = table->no_trunc ? SIZE_MAX : ROOMY, i;

	for (i = table->width; i-- > 1 && !fits(table, step);)
		if ((table->columns[i].flags & OPTIONAL) && !table->hidden[i])
			hide(table, i);
	if (table->no_trunc)
		return step;
	for (i = table->width; i-- > 1 && !fits(table, 0);)
		if (!table->hidden[i])
			hide(table, i);
	for (step = STEP(terminal_width()); step && !fits(table, step);)
		step--;
	return step;
}

/* Chooses the columns, and sets their widths. */
static void lay_out(struct table *table)
{
	size_t step = is_limited(table) ? shrink(table) : SIZE_MAX, i;

	for (i = 0; i < table->width; i++)
		table->widths[i] = width_of(table, i, step);
}

/* The last column takes the rest of the line. */
static void widen_last(struct table *table)
{
	size_t rest = terminal_width(), used = 0, last = 0, i;

	for (i = 0; i < table->width; i++) {
		if (table->hidden[i])
			continue;
		last = i;
		used += table->widths[i] + (used ? strlen(GAP) : 0);
	}
	if (used < rest)
		table->widths[last] += rest - used;
}

/* Chooses the layout of a table that grows, with room for the usual values. */
static void lay_out_anew(struct table *table)
{
	size_t usual, i;

	for (i = 0; i < table->width; i++) {
		usual = USUAL_WIDTH(table->columns[i].flags);
		if (table->longest[i] < usual)
			table->longest[i] = usual;
		table->hidden[i] = false;
	}
	lay_out(table);
	if (is_limited(table))
		widen_last(table);
	table->room = terminal_width();
}

/* True if the rows cannot be cut to the layout, or the width of the terminal has changed. */
static bool is_outgrown(const struct table *table)
{
	size_t i;

	if (!table->room)
		return true;
	if (!is_limited(table) || table->no_trunc)
		return false;
	for (i = 0; i < table->width; i++)
		if (!(table->columns[i].flags & SCOLS_FL_TRUNC) && !table->hidden[i] &&
		    table->longest[i] > table->widths[i])
			return true;
	return table->room != terminal_width();
}

/* Without a limit, a long value moves the rest of its line only. */
static void print_growing(struct table *table)
{
	size_t lines = scols_table_get_nlines(table->table), n;

	if (is_outgrown(table)) {
		lay_out_anew(table);
		print_titles(table);
	}
	if (is_limited(table) && !table->no_trunc)
		cut(table);
	for (n = 0; n < lines; n++)
		print_row(table, scols_table_get_line(table->table, n));
}

static void print_whole(struct table *table)
{
	if (!table->wide)
		hide_unused(table);
	if (is_limited(table)) {
		lay_out(table);
		cut(table);
	}
	/* The library prints nothing if there is no line. */
	if (table->line)
		check(!scols_print_table(table->table));
	else
		print_titles(table);
}

/* Prints and frees the table. */
void table_print(struct table *table)
{
	if (table->follow)
		print_growing(table);
	else
		print_whole(table);
	scols_unref_table(table->table);
}
