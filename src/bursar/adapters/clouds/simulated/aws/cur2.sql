-- Render one chunk of lines as a CUR 2.0 Parquet file: the varying numbers of each line joined to its constant columns.
-- Grain: one native line. Drops nothing: items and moments are written together with the lines that name them.
COPY (
    SELECT
        $columns
    FROM (
        SELECT *, row_number() OVER () AS line
        FROM read_csv(
            '$lines', header = false, columns = {
                'item': 'INTEGER', 'moment': 'INTEGER', 'cost': 'BIGINT', 'public': 'BIGINT',
                'effective': 'BIGINT', 'amortised': 'BIGINT'
            }
        )
    ) AS l
    INNER JOIN (
        SELECT
            item::INTEGER AS item, rate::DOUBLE AS rate,
            $constants
        FROM read_csv('$items', header = true, all_varchar = true, nullstr = '')
    ) AS d ON l.item = d.item
    INNER JOIN (
        SELECT moment::INTEGER AS moment, starts::TIMESTAMP_MS AS starts, ends::TIMESTAMP_MS AS ends, stretch
        FROM read_csv('$moments', header = true, all_varchar = true)
    ) AS m ON l.moment = m.moment
) TO '$target' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 122880)
